// How much of a vendor's budgets a message uses. Which text a budget is about is the provider's knowledge, so the longest
// text that could be meant is what is measured.
import type { HttpRequest } from '../sdk/http.ts';
import type { Capabilities } from '../sdk/provider.ts';
import { parseBody } from './picture.ts';

/** One budget and what the message takes of it. */
export interface UsedLimit {
  readonly what: 'title characters' | 'text characters' | 'bytes of the request' | 'requests per second';
  readonly allowed: number;
  /** Absent for a rate, which no single message uses up. */
  readonly used?: number;
}

const BODIES: ReadonlySet<string> = new Set(['body', 'content', 'description', 'markdown', 'message', 'text']);
const TITLES: ReadonlySet<string> = new Set(['author_name', 'message', 'subtitle', 'summary', 'title', 'transaction']);

/** The budgets that the provider declares, each with the most that a request of the message takes. */
export function measureLimits(limits: Capabilities['limits'], requests: readonly HttpRequest[]): readonly UsedLimit[] {
  if (limits === undefined) return [];
  const { titleChars, bodyChars, bodyBytes, ratePerSecond } = limits;
  const texts = requests.flatMap(textsOf);
  const titles = texts.filter(({ name, text }) => TITLES.has(name) && text.length <= (titleChars ?? 0));
  const bodies = texts.filter(({ name }) => BODIES.has(name));
  const used: UsedLimit[] = [];
  if (titleChars !== undefined) used.push({ what: 'title characters', used: longest(titles), allowed: titleChars });
  if (bodyChars !== undefined)
    used.push({ what: 'text characters', used: longest(bodies.length > 0 ? bodies : texts), allowed: bodyChars });
  const bytes = Math.max(0, ...requests.map(({ body }) => (body === undefined ? 0 : Buffer.byteLength(body))));
  if (bodyBytes !== undefined) used.push({ what: 'bytes of the request', used: bytes, allowed: bodyBytes });
  if (ratePerSecond !== undefined) used.push({ what: 'requests per second', allowed: ratePerSecond });
  return used;
}

interface Text {
  readonly name: string;
  readonly text: string;
}

function longest(texts: readonly Text[]): number {
  return texts.reduce((most, { text }) => Math.max(most, text.length), 0);
}

function textsOf({ body, headers }: HttpRequest): readonly Text[] {
  if (typeof body !== 'string') return [];
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return parseBody(body, contentType).flatMap((value) => collect(value, ''));
}

function collect(value: unknown, name: string): readonly Text[] {
  if (typeof value === 'string') return [{ name, text: value }];
  if (Array.isArray(value)) return value.flatMap((item) => collect(item, name));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => collect(member, key));
}
