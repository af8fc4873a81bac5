// What a scrape says, and which series a PromQL expression asks for: just enough of both languages to hold rules and
// dashboards against a real server.

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Selector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

const WORDS = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool', 'offset', 'group_left', 'group_right']);

/** The samples of Prometheus' text format. */
export function parseExposition(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', actual = '']) => [label, actual] as const);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });
}

/** Every series selector of an expression. */
export function selectorsOf(expression: string): readonly Selector[] {
  const plain = expression
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  return [...plain.matchAll(/("(?:[^"\\]|\\.)*")|([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?/g)].flatMap(([, quoted, name, rest]) => {
    if (quoted !== undefined || name === undefined || rest === '(' || WORDS.has(name)) return [];
    return [{ name, matchers: matchersOf(rest ?? '') }];
  });
}

function matchersOf(text: string): readonly Matcher[] {
  return [...text.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', operator = '', value = '']) => ({
    label,
    operator,
    value,
  }));
}

/** Those that the selector names. */
export function select(samples: readonly Sample[], { name, matchers }: Selector): readonly Sample[] {
  return samples.filter((sample) => sample.name === name && matchers.every((matcher) => matches(sample.labels, matcher)));
}

function matches(labels: Sample['labels'], { label, operator, value }: Matcher): boolean {
  const actual = labels[label] ?? '';
  if (operator === '=') return actual === value;
  if (operator === '!=') return actual !== value;
  return new RegExp(`^(?:${value})$`).test(actual) === (operator === '=~');
}
