// Golden case files: what goes in, what is sent, what an answer means. Sections start with `== name`; a text before the
// first one says what the case shows. provider, secret, event, options and response are given; request, outcome and fault
// are what comes of them, and are rewritten by `--update`.

export interface Section {
  readonly name: string;
  readonly text: string;
}

export interface CaseFile {
  readonly title: string;
  readonly sections: readonly Section[];
}

const HEAD = /^== ([a-z]+)$/;

/** Reads a case. */
export function parseCase(text: string): CaseFile {
  const sections: { name: string; lines: string[] }[] = [{ name: '', lines: [] }];
  for (const line of text.split('\n')) {
    const name = HEAD.exec(line)?.[1];
    if (name === undefined) sections.at(-1)?.lines.push(line);
    else sections.push({ name, lines: [] });
  }
  const [title, ...rest] = sections.map(({ name, lines }) => ({ name, text: lines.join('\n').trim() }));
  return { title: title?.text ?? '', sections: rest };
}

/** Writes a case as `parseCase` reads it. */
export function formatCase({ title, sections }: CaseFile): string {
  return [title, ...sections.map(({ name, text }) => `== ${name}\n${text}`)].join('\n\n') + '\n';
}

/** The text of the only section of a name. */
export function sectionOf(file: CaseFile, name: string): string | undefined {
  return file.sections.find((section) => section.name === name)?.text;
}
