// Cuts a YAML stream into its documents before anything is parsed, so that only the documents that changed are parsed again.

/** A piece of a file; `line` is that of its first line, counted from 0. */
export interface Chunk {
  readonly text: string;
  readonly line: number;
}

/**
 * Splits at lines that begin with the document marker `---`; YAML lets nothing else begin a line with it, not even inside
 * a block of text. The marker stays with what follows it, and so do directives and comments before it. Stops behind the limit.
 */
export function splitDocuments(text: string, limit: number): Chunk[] {
  const chunks: Chunk[] = [];
  let start = 0;
  let startLine = 0;
  let line = 0;
  for (let position = 0; position < text.length && chunks.length <= limit; line += 1) {
    if (position > start && isMarker(text, position) && !isPreamble(text.slice(start, position))) {
      chunks.push({ text: text.slice(start, position), line: startLine });
      start = position;
      startLine = line;
    }
    const end = text.indexOf('\n', position);
    position = end < 0 ? text.length : end + 1;
  }
  if (start < text.length) chunks.push({ text: text.slice(start), line: startLine });
  return chunks;
}

function isMarker(text: string, position: number): boolean {
  if (!text.startsWith('---', position)) return false;
  const next = text.charAt(position + 3);
  return next === '' || next === '\n' || next === '\r' || next === ' ' || next === '\t';
}

/** Blank lines, comments and directives belong to the document that follows. */
function isPreamble(text: string): boolean {
  // Looks for a line that holds more, and stops at the first.
  return !/^[ \t]*[^\s#%]/m.test(text);
}
