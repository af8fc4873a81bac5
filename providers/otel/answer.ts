// What a collector answered: it may take a request with 200 and yet refuse the span in it.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { readMessage } from './protobuf.ts';

const PARTIAL_SUCCESS = 1;
const REJECTED_SPANS = 1;

/**
 * https://opentelemetry.io/docs/specs/otlp/#partial-success-1: what was refused must not be sent again. undefined for all that
 * the status says; the collector's own words stay in the history, where secrets are taken out of them.
 */
export function readAnswer({ body, headers, status }: HttpResponse): Outcome | undefined {
  const isProtobuf = headers['content-type']?.startsWith('application/x-protobuf') === true;
  if (status !== 200 || !isProtobuf) return undefined;
  const partial = readMessage(body)?.get(PARTIAL_SUCCESS);
  if (!(partial instanceof Uint8Array)) return undefined;
  const rejected = readMessage(partial)?.get(REJECTED_SPANS);
  if (typeof rejected !== 'bigint' || rejected <= 0n) return undefined;
  return { kind: 'rejected', reason: 'bad-request', message: 'the collector refused the span' };
}
