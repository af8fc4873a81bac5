// The details page of a whole commit, in Markdown: every object by what became of it, those that need somebody first. What
// objects said is shown as code, so that no message can be markup, mention anybody or load anything.
import { type CommitCount, labeller } from '../../internal/sdk/git/commit-count.ts';
import type { ObjectWord } from '../../internal/sdk/git/commit-word.ts';
import { shortHash } from '../../internal/sdk/git/revision.ts';

/** https://docs.github.com/rest/checks/runs#create-a-check-run: summary and text have this each; counted as bytes to be safe. */
const MAX_TEXT_BYTES = 65_535;
/** Kept free for the line that says how much is missing. */
const REST_BYTES = 100;

/** The text under the summary. */
export function toPage(count: CommitCount): string {
  const label = labeller(count);
  const withReason = (object: ObjectWord): string => `* ${nameOf(object, label)}: ${code(object.reason)}${messageOf(object)}`;
  const plain = (object: ObjectWord): string => `* ${nameOf(object, label)}`;
  return fit([
    ...section('Failing', count.failing.map(withReason)),
    ...section('In progress', count.working.map(withReason)),
    ...section(`Superseded by ${shortHash(count.supersededBy)}`, count.superseded.map(plain)),
    // What they say differs from one reconciliation to the next without telling anything new.
    ...section('Ready', count.ready.map(plain)),
  ]);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`### ${title}`, '', ...lines, ''];
}

function nameOf(object: ObjectWord, label: (object: ObjectWord) => string): string {
  return `${code(label(object))} (${code(object.kind)})`;
}

function messageOf({ message }: ObjectWord): string {
  return message === '' ? '' : `\n  ${code(message)}`;
}

/** Markdown ends a span of code at as many backticks as began it, and at an empty line. */
function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}

/** Whole lines, as many as fit. */
function fit(lines: readonly string[]): string {
  let bytes = 0;
  for (const [index, line] of lines.entries()) {
    bytes += Buffer.byteLength(line) + 1;
    if (bytes <= MAX_TEXT_BYTES - REST_BYTES) continue;
    const hidden = lines.slice(index).filter((rest) => rest.startsWith('* ')).length;
    return [...lines.slice(0, index), '', `… and ${hidden} more objects`].join('\n');
  }
  return lines.join('\n').trimEnd();
}
