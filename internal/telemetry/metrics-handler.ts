// Serves /metrics in the Prometheus text format.
import type { ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { RequestHandler } from './health.ts';

/** Answers GET /metrics; also usable as an express handler. */
export function createMetricsHandler(registry: Registry): RequestHandler {
  return (request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('404 page not found\n');
      return;
    }
    void answerMetrics(registry, response);
  };
}

async function answerMetrics(registry: Registry, response: ServerResponse): Promise<void> {
  try {
    const body = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType });
    response.end(body);
  } catch {
    // The text of the error could hold anything; whoever scrapes only needs to know that it failed.
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('metrics could not be collected\n');
  }
}
