// What a person would read of a request, as plain text: the words of its body without the markup of the vendor. An
// approximation by the names that vendors give to what they show; the request itself is what counts.

/** Names of what is shown as a line or a paragraph of its own. */
const SHOWN: ReadonlySet<string> = new Set([
  'activitySubtitle',
  'activityTitle',
  'author_name',
  'body',
  'content',
  'context',
  'description',
  'head',
  'header',
  'markdown',
  'message',
  'state',
  'sub_head',
  'subtitle',
  'summary',
  'targetUrl',
  'target_url',
  'text',
  'title',
  'topic',
]);
/** Names whose members are all shown, as `name: value`. */
const LISTED: ReadonlySet<string> = new Set(['annotations', 'custom_details', 'details', 'labels', 'metadata']);
const LABELS = ['title', 'name', 'key', 'topLabel'];
const VALUES = ['value', 'content'];
const MAX_LINES = 60;

/** The text of a body, or nothing where there is none to read. */
export function toPicture(body: string, contentType: string): readonly string[] {
  const lines: string[] = [];
  for (const value of parseBody(body, contentType)) draw(value, '', lines);
  const shown = lines.flatMap((text) => text.split('\n')).map((line) => line.trimEnd());
  const compact = shown.filter((line, index) => line !== '' || (index > 0 && shown[index - 1] !== ''));
  if (compact.length <= MAX_LINES) return compact;
  return [...compact.slice(0, MAX_LINES), `… and ${compact.length - MAX_LINES} further lines`];
}

/** Every value of a JSON body, of one with a value per line, or of a form. */
export function parseBody(body: string, contentType: string): readonly unknown[] {
  if (contentType.includes('x-www-form-urlencoded')) return [Object.fromEntries(new URLSearchParams(body))];
  const whole = parseJson(body);
  if (whole !== undefined) return [whole];
  const lines = body.split('\n').filter((line) => line !== '');
  const values = lines.map(parseJson);
  return values.length > 0 && values.every((value) => value !== undefined) ? values : [{ text: body }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Text of another kind is shown as it is.
    return undefined;
  }
}

function draw(value: unknown, name: string, lines: string[]): void {
  if (typeof value === 'string') {
    if (SHOWN.has(name) && value !== '') lines.push(plain(value));
    else if (name === 'data') drawEncoded(value, lines);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) draw(item, name, lines);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const members = Object.entries(value);
  const pair = toPair(members);
  if (pair !== undefined) {
    lines.push(`${pair[0]}: ${plain(pair[1])}`);
    return;
  }
  for (const [key, member] of members) {
    if (LISTED.has(key) && typeof member === 'object' && member !== null) lines.push(...listed(Object.entries(member)));
    else draw(member, key, lines);
  }
}

/** A field of two texts: its label and its value. */
function toPair(members: readonly (readonly [string, unknown])[]): readonly [string, string] | undefined {
  const find = (names: readonly string[]) => members.find(([key, value]) => names.includes(key) && typeof value === 'string')?.[1];
  const [label, value] = [find(LABELS), find(VALUES)];
  return typeof label === 'string' && typeof value === 'string' ? [label, value] : undefined;
}

function listed(members: readonly (readonly [string, unknown])[]): string[] {
  return members.flatMap(([key, value]) => {
    if (typeof value === 'object' && value !== null) return listed(Object.entries(value));
    return [`${key}: ${String(value)}`];
  });
}

/** Queues carry the event in base64. */
function drawEncoded(value: string, lines: string[]): void {
  const decoded = parseJson(Buffer.from(value, 'base64').toString('utf8'));
  if (typeof decoded === 'object' && decoded !== null) draw(decoded, '', lines);
}

/** Without HTML tags, and without the backslashes of Markdown dialects. */
function plain(text: string): string {
  const untagged = /<\/?[a-z][^>]*>/i.test(text) ? text.replaceAll(/<\/?[a-z][^>]*>/gi, '') : text;
  return untagged
    .replaceAll(/\\([_*[\]()~`>#+\-=|{}.!])/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
