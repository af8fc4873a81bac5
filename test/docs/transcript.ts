// What a page shows of an output, against what was printed. A page is an example of one day on one machine, so these may differ:
// ids (each shown id stands for one real id for the rest of the page), times in words or as timestamps, durations, the width
// of blanks, and whatever `…` stands for: a part of a line, or on a line of its own any number of lines.

/** Real ids by the ids that the page shows. */
export type Ids = Map<string, string>;

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const WORDS = String.raw`\bin \d+ (?:second|minute|hour|day)s?\b|\b\d+ (?:second|minute|hour|day)s? ago\b|\bnow\b`;
const TIMESTAMP = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`;
const DURATION = String.raw`\b\d+(?:\.\d+)? (?:ms|s)\b`;
const TOKEN = new RegExp(
  `(?<id>${UUID})|(?<words>${WORDS})|(?<stamp>${TIMESTAMP})|(?<duration>${DURATION})|(?<any>…)|(?<blank>[ \\t]+)`,
  'g',
);

/** Undefined when the output is as shown, and the ids of it are then known; else both, side by side. */
export function differenceOf(shown: string, printed: string, ids: Ids): string | undefined {
  const names: string[] = [];
  const pattern = new RegExp(
    `^${toLines(shown)
      .map((line) => toLinePattern(line, ids, names))
      .join('')}$`,
  );
  const match = pattern.exec(
    toLines(printed)
      .map((line) => `${line}\n`)
      .join(''),
  );
  if (match === null) return `the page shows:\n${indent(shown)}\nit printed:\n${indent(printed)}`;
  for (const [index, name] of names.entries()) ids.set(name, match[index + 1] ?? '');
  return undefined;
}

/** The text with every shown id replaced by the real one. */
export function withRealIds(text: string, ids: Ids): string {
  return text.replaceAll(new RegExp(UUID, 'g'), (id) => ids.get(id) ?? id);
}

function toLines(text: string): string[] {
  return text.trimEnd() === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd());
}

function toLinePattern(line: string, ids: Ids, names: string[]): string {
  if (line.trim() === '…') return String.raw`(?:.*\n)*?`;
  let pattern = '';
  let from = 0;
  for (const match of line.matchAll(TOKEN)) {
    pattern += escape(line.slice(from, match.index)) + toTokenPattern(match, ids, names);
    from = match.index + match[0].length;
  }
  return `${pattern}${escape(line.slice(from))}\\n`;
}

function toTokenPattern({ 0: text, groups = {} }: RegExpExecArray, ids: Ids, names: string[]): string {
  if (groups['id'] !== undefined) return toIdPattern(text, ids, names);
  if (groups['words'] !== undefined) return `(?:${WORDS})`;
  if (groups['stamp'] !== undefined) return TIMESTAMP;
  if (groups['duration'] !== undefined) return DURATION;
  return groups['any'] === undefined ? ' +' : '.*';
}

/** An id that was shown before must be the same again. */
function toIdPattern(id: string, ids: Ids, names: string[]): string {
  const real = ids.get(id);
  if (real !== undefined) return escape(real);
  const known = names.indexOf(id);
  if (known >= 0) return `\\${known + 1}`;
  names.push(id);
  return `(${UUID})`;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ');
}
