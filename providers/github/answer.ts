// What GitHub's refusals mean. The client throws one error class for answers and for the lack of one.
import { ForgeRefusal, requireObject, UnusableAnswer } from '../../internal/sdk/git/forge-answer.ts';

export { UnusableAnswer };

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: without a header, wait at least a minute. */
const SECONDARY_LIMIT_MS = 60_000;

/** Runs a call of the client; a refusal is thrown as one, everything else as it came. */
export async function asked<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw toRefusal(error) ?? error;
  }
}

/** What GitHub answered, null for nothing: the client counts redirects as answers, and hands on as text what is not labelled as JSON. */
export function jsonOf({ data, status }: { readonly data: unknown; readonly status: number }): unknown {
  if (status < 200 || status >= 300) throw new UnusableAnswer(status, 'the answer is a redirect');
  if (data instanceof ArrayBuffer) return jsonOf({ data: new TextDecoder().decode(data), status });
  if (typeof data !== 'string') return data ?? null;
  if (data.trim() === '') return null;
  try {
    return JSON.parse(data);
  } catch {
    throw new UnusableAnswer(status, 'the answer is not JSON');
  }
}

/** What GitHub answered to a write; a page says that something else took it. */
export function requireWritten(answer: { readonly data: unknown; readonly status: number }): unknown {
  return requireObject(jsonOf(answer), answer.status);
}

/** Both of GitHub's limits are answered with 403 or 429; the secondary one is told by its words. */
export function secondaryLimitMs({ words }: ForgeRefusal): number | undefined {
  return /rate limit|abuse detection/i.test(words) ? SECONDARY_LIMIT_MS : undefined;
}

/** True when GitHub answered 404. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ForgeRefusal && error.status === 404;
}

/** Network errors and time-outs come as status 500, too, but without an answer. */
function toRefusal(error: unknown): ForgeRefusal | undefined {
  if (!(error instanceof Error) || !('status' in error) || !('response' in error)) return undefined;
  const response = error.response as { readonly headers?: Record<string, string>; readonly data?: unknown } | undefined;
  if (response === undefined) return undefined;
  return new ForgeRefusal({ status: Number(error.status), headers: response.headers ?? {}, words: wordsOf(response.data) });
}

function wordsOf(data: unknown): string {
  if (typeof data === 'string') return data;
  const message = typeof data === 'object' && data !== null && 'message' in data ? data.message : '';
  return typeof message === 'string' ? message : '';
}
