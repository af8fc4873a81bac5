// What a homeserver answered: the status is right, how long to wait stands in the body.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { askedToWait, pageInstead } from '../../internal/sdk/vendor-outcome.ts';

/** https://spec.matrix.org/latest/client-server-api/#standard-error-response; undefined when the status says it all. */
export function readAnswer(response: HttpResponse): Outcome | undefined {
  const answer = jsonAnswer(response);
  if (answer === undefined) return pageInstead('Matrix', response);
  if (response.status >= 200 && response.status < 300) return delivered(answer);
  if (response.status !== 429 || response.headers['retry-after'] !== undefined) return undefined;
  const delayMs = answer['retry_after_ms'];
  return typeof delayMs === 'number' ? askedToWait('the homeserver', delayMs) : undefined;
}

function delivered(answer: Readonly<Record<string, unknown>>): Outcome {
  const id = answer['event_id'];
  return typeof id === 'string' && /^\$[\w.:/+-]{1,255}$/.test(id) ? { kind: 'delivered', ref: id } : { kind: 'delivered' };
}
