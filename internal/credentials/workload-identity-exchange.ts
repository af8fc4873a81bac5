// One question to a token server and its answer. What is refused has to be mended by a person; what fails is tried again.
import { type HttpRequest, type HttpResponse, type Send, TransportError } from '../sdk/http.ts';
import { jsonAnswer } from '../sdk/json-answer.ts';
import { ConfigFault } from '../sdk/provider.ts';
import { cutChars } from '../sdk/text/cut.ts';
import { firstLine } from '../sdk/text/object-name.ts';

const MAX_WORDS_CHARS = 200;

export type Json = Readonly<Record<string, unknown>>;

/** An OAuth form; rejects with ConfigFault when it is refused and with TransportError when it may work later. */
export function postForm(http: Send, url: string, fields: Readonly<Record<string, string>>): Promise<Json> {
  const body = new URLSearchParams(fields).toString();
  return ask(http, { method: 'POST', url, headers: [['Content-Type', 'application/x-www-form-urlencoded']], body });
}

/** A JSON body with a bearer token; rejects as `postForm` does. */
export function postWithToken(http: Send, url: string, token: string, body: object): Promise<Json> {
  const headers = [
    ['Content-Type', 'application/json'],
    ['Authorization', `Bearer ${token}`],
  ] as const;
  return ask(http, { method: 'POST', url, headers, body: JSON.stringify(body) });
}

async function ask(http: Send, request: HttpRequest): Promise<Json> {
  const response = await http(request);
  const json = jsonAnswer(response);
  if (response.status === 200 && json !== undefined) return json;
  const message = `failed to get token: ${new URL(request.url).host} answered ${response.status}${wordsOf(json)}`;
  if (isRefusal(response)) throw new ConfigFault(message);
  throw new TransportError('network', message);
}

function isRefusal({ status }: HttpResponse): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

/** The texts of OAuth and of Google's APIs; what they could repeat of the request has been concealed before. */
function wordsOf(json: Json | undefined): string {
  const error = json?.['error'];
  const inner = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  const words = [json?.['error_description'], inner, error].find((candidate) => typeof candidate === 'string');
  return typeof words === 'string' ? `: ${cutChars(firstLine(words).trim(), MAX_WORDS_CHARS)}` : '';
}

/** A text of the answer that a header can hold. */
export function tokenField(json: Json, name: string): string {
  const value = json[name];
  if (typeof value === 'string' && value !== '' && !/\s/.test(value)) return value;
  throw new TransportError('network', `failed to get token: the answer holds no ${name}`);
}
