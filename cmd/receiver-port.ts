// The webhook port of a server that has no Receivers: it answers what notification-controller answers to an unknown path.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** 404 for every path, with the body that Go's mux sends where no Receiver could ever be. */
export function onReceiverRequest(request: IncomingMessage, response: ServerResponse): void {
  const isHook = request.url?.startsWith('/hook/') ?? false;
  request.resume();
  response.writeHead(
    404,
    isHook ? { 'content-length': '0' } : { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  );
  response.end(isHook ? undefined : '404 page not found\n');
}
