// What Google's answers mean: {"error": {"message": ...}} from Pub/Sub, {"error", "error_description"} from the token server.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig } from '../../internal/sdk/provider.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';
import { untilChange } from '../../internal/sdk/vendor-outcome.ts';
import { vendorWords } from '../../internal/sdk/text/vendor-words.ts';

/** An answer that brings no token. */
export class Refused extends Error {
  readonly response: HttpResponse;

  constructor(response: HttpResponse, message: string) {
    super(message);
    this.name = 'Refused';
    this.response = response;
  }
}

/** The outcome of an answer to a message. */
export function readAnswer(response: HttpResponse, config: ResolvedConfig, nowMs: number): Outcome {
  const what = `error publishing to GCP Pub/Sub topic ${config.channel}`;
  if (response.status !== 200) return refusal(response, what, config, nowMs);
  const ids = jsonAnswer(response)?.['messageIds'];
  const [id] = Array.isArray(ids) ? (ids as unknown[]) : [];
  if (typeof id !== 'string') return { kind: 'retry', reason: 'server', message: `${what}: the answer holds no message id` };
  return { kind: 'delivered', ref: id };
}

/** The outcome of a token that could not be had. */
export function readRefusal({ response, message }: Refused, config: ResolvedConfig, nowMs: number): Outcome {
  const outcome = refusal(response, message, config, nowMs);
  // The token server says 400 to a key that was deleted and 401 to a client that it does not know: credentials, both.
  if (response.status !== 400 || outcome.kind !== 'rejected') return outcome;
  return untilChange('auth', outcome.message);
}

function refusal(response: HttpResponse, what: string, config: ResolvedConfig, nowMs: number): Outcome {
  const outcome = outcomeOfStatus(response, nowMs);
  if (outcome.kind === 'delivered') return { kind: 'retry', reason: 'server', message: what };
  const words = vendorWords(wordsOf(jsonAnswer(response)), config);
  return { ...outcome, message: `${what}: ${outcome.message}${words === '' ? '' : `: ${words}`}` };
}

function wordsOf(json: Readonly<Record<string, unknown>> | undefined): string {
  const error = json?.['error'];
  const inner = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  const words = [inner, json?.['error_description'], error].find((candidate) => typeof candidate === 'string');
  return typeof words === 'string' ? words : '';
}
