// What Discord answered: only how long to wait needs more than the status.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { askedToWait } from '../../internal/sdk/vendor-outcome.ts';

const SECOND_MS = 1_000;

/** https://docs.discord.com/developers/topics/rate-limits: the seconds, with a fraction, stand in the body of a 429. */
export function readAnswer(response: HttpResponse): Outcome | undefined {
  if (response.status !== 429 || response.headers['retry-after'] !== undefined) return undefined;
  const seconds = jsonAnswer(response)?.['retry_after'];
  return typeof seconds === 'number' ? askedToWait('Discord', seconds * SECOND_MS) : undefined;
}
