// What Teams answered: a connector puts the error of the service behind it into the text of a 200.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';

const FAILURE = 'Webhook message delivery failed';
/** "... failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0,server=..." */
const HIDDEN_STATUS = /returned HTTP error (\d{3})\b/;

/** undefined when the status says it all. */
export function readAnswer(response: HttpResponse): Outcome | undefined {
  if (response.status < 200 || response.status >= 300) return undefined;
  const text = new TextDecoder().decode(response.body);
  const status = Number(HIDDEN_STATUS.exec(text)?.[1] ?? 0);
  if (status >= 300) return withName(outcomeOfStatus({ status, headers: {} }, 0), status);
  if (!text.includes(FAILURE)) return undefined;
  return { kind: 'retry', reason: 'server', message: 'Microsoft Teams reported a failed delivery without its status' };
}

function withName(outcome: Outcome, status: number): Outcome {
  return outcome.kind === 'delivered' ? outcome : { ...outcome, message: `Microsoft Teams reported HTTP error ${status} in an answer 200` };
}
