// What Rocket.Chat answered: `success` says whether the message was posted, `error` holds a code among words.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { askedToWait, pageInstead, untilChange } from '../../internal/sdk/vendor-outcome.ts';

const SECOND_MS = 1_000;
/** Used when a refusal does not say how long to wait; Rocket.Chat counts by the minute. */
const RATE_LIMIT_MS = 60_000;

/** undefined when the status says it all. */
export function readAnswer(response: HttpResponse): Outcome | undefined {
  const answer = jsonAnswer(response);
  if (answer === undefined) return pageInstead('Rocket.Chat', response);
  if (answer['success'] !== false || response.status >= 500) return undefined;
  if (response.headers['retry-after'] !== undefined) return undefined;
  const error = typeof answer['error'] === 'string' ? answer['error'] : '';
  if (response.status === 429 || error.includes('too-many-requests')) {
    return askedToWait('Rocket.Chat', askedDelayMs(error));
  }
  if (/invalid-channel|room-not-found/.test(error)) {
    return untilChange('not-found', 'Rocket.Chat does not know the channel');
  }
  if (error.includes('message-size-exceeded')) {
    return { kind: 'rejected', reason: 'too-large', message: 'Rocket.Chat takes only shorter messages' };
  }
  if (response.status >= 300) return undefined;
  return { kind: 'rejected', reason: 'bad-request', message: 'Rocket.Chat answered that the message was not posted' };
}

/** "You must wait 54 seconds before trying this endpoint again." */
function askedDelayMs(error: string): number {
  const seconds = /wait (\d{1,6}) seconds/.exec(error)?.[1];
  return seconds === undefined ? RATE_LIMIT_MS : Number(seconds) * SECOND_MS;
}
