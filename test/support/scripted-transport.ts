// The Transport port without sockets: a test says what each request is answered.
import { type HttpRequest, type HttpResponse, TransportError } from '../../internal/sdk/http.ts';
import type { SendOptions, Transport } from '../../internal/sdk/transport.ts';
import { toFetch } from '../../internal/transport/fetch.ts';

/** Gives an answer, throws what the real transport would throw, or never ends when it returns a promise that waits. */
export type Script = (request: HttpRequest, signal: AbortSignal) => HttpResponse | Promise<HttpResponse>;

export interface ScriptedTransport extends Transport {
  readonly requests: readonly HttpRequest[];
}

/** A transport that answers by the script. */
export function createScriptedTransport(script: Script): ScriptedTransport {
  const requests: HttpRequest[] = [];
  const exchange = async (request: HttpRequest, options: SendOptions): Promise<HttpResponse> => {
    requests.push(request);
    try {
      const response = await script(request, options.signal);
      options.onExchange?.({ request, response });
      return response;
    } catch (error) {
      if (error instanceof Error) options.onExchange?.({ request, error });
      throw error;
    }
  };
  return {
    requests,
    open: (options) => (request) => exchange(request, options),
    openFetch: (options) => toFetch((request) => exchange(request, options)),
    openDial: () => async () => {
      throw new TransportError('network', 'a script opens no sessions');
    },
    retain: async () => {},
    close: async () => {},
  };
}

/** An answer with a text. */
export function toAnswer(status: number, text = '', headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers, body: Buffer.from(text), truncated: false };
}

/** Waits until the attempt is ended, as a request to a silent server does. */
export function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () =>
      reject(new TransportError('timeout', 'no answer before the deadline', { cause: signal.reason })),
    );
  });
}
