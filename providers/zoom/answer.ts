// What Zoom answered: a refusal may come in the body of a 2xx, with a status or a code of its own.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';
import { untilChange } from '../../internal/sdk/vendor-outcome.ts';

/** undefined when the status says it all. */
export function readAnswer(response: HttpResponse): Outcome | undefined {
  if (response.status < 200 || response.status >= 300) return undefined;
  const answer = jsonAnswer(response);
  if (answer === undefined) return undefined;
  const { status } = answer;
  const code = Number(answer['code'] ?? answer['errorCode'] ?? (typeof status === 'number' ? status : 0));
  if (status !== false && (Number.isNaN(code) || code < 300)) return undefined;
  const words = answer['message'] ?? answer['errorMessage'];
  const text = typeof words === 'string' ? words : '';
  // Codes are not documented, so one that is called a success is one.
  return status !== false && /success/i.test(text) ? undefined : toOutcome(code, text);
}

function toOutcome(code: number, words: string): Outcome {
  const message = code >= 300 ? `Zoom refused the message with code ${code}` : 'Zoom refused the message';
  if (/token|authori[sz]ation|unauthori[sz]ed/i.test(words)) return untilChange('auth', message);
  const outcome = code >= 300 && code < 600 ? outcomeOfStatus({ status: code, headers: {} }, 0) : undefined;
  if (outcome === undefined || outcome.kind === 'delivered') return { kind: 'rejected', reason: 'bad-request', message };
  return { ...outcome, message };
}
