// What Telegram answered: the status is right, what to do about it stands in the body.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { askedToWait, untilChange } from '../../internal/sdk/vendor-outcome.ts';

const SECOND_MS = 1_000;

interface Answer {
  readonly code: number;
  /** Names what was wrong; quotes nothing of what was sent, but may quote what stood in the address. */
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** https://core.telegram.org/bots/api#making-requests and #responseparameters; undefined when the status says it all. */
export function readAnswer(response: HttpResponse): Outcome | undefined {
  const body = jsonAnswer(response);
  if (body?.['ok'] === true) return delivered(response, body);
  if (body?.['ok'] !== false || response.headers['retry-after'] !== undefined) return undefined;
  return refused(toAnswer(response, body));
}

function refused({ code, description, parameters }: Answer): Outcome | undefined {
  if (code === 429) return rateLimited(parameters['retry_after']);
  if (code === 401 || code === 404) return untilChange('auth', 'Telegram does not know the token of the bot');
  if (code === 403) return untilChange('auth', 'Telegram does not let the bot write to the chat');
  if ('migrate_to_chat_id' in parameters) return untilChange('not-found', 'the Telegram group became a supergroup and has another id now');
  if (/chat not found/i.test(description))
    return untilChange('not-found', 'Telegram does not know the chat, or the bot is no member of it');
  if (/thread not found|topic_(?:deleted|closed)/i.test(description))
    return untilChange('not-found', 'Telegram does not know the topic of the chat');
  if (/not enough rights|chat_write_forbidden/i.test(description))
    return untilChange('auth', 'Telegram does not let the bot write to the chat');
  if (/too long/i.test(description)) return { kind: 'rejected', reason: 'too-large', message: 'Telegram found the message too long' };
  if (code >= 500) return { kind: 'retry', reason: 'server', message: `Telegram answered ${code}` };
  return { kind: 'rejected', reason: 'bad-request', message: `Telegram refused the message with ${code}` };
}

function toAnswer(response: HttpResponse, body: Readonly<Record<string, unknown>>): Answer {
  const { error_code: code, description, parameters } = body;
  return {
    code: response.status >= 300 || typeof code !== 'number' ? response.status : code,
    description: typeof description === 'string' ? description : '',
    parameters: typeof parameters === 'object' && parameters !== null ? { ...parameters } : {},
  };
}

function delivered(response: HttpResponse, body: Readonly<Record<string, unknown>>): Outcome | undefined {
  if (response.status < 200 || response.status >= 300) return undefined;
  const result = body['result'];
  const id = typeof result === 'object' && result !== null && 'message_id' in result ? result.message_id : undefined;
  return typeof id === 'number' ? { kind: 'delivered', ref: String(id) } : { kind: 'delivered' };
}

function rateLimited(seconds: unknown): Outcome | undefined {
  return typeof seconds === 'number' ? askedToWait('Telegram', seconds * SECOND_MS) : undefined;
}
