// What the pages for users show is what happens: their blocks run, page by page, in a shell of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCommandReference } from '../../cmd/command-reference.ts';
import { createProgram } from '../../cmd/program.ts';
import { systemTerminal } from '../../cmd/terminal.ts';
import { type Session, startSession } from '../docs/session.ts';
import { findSnippets, HELD_BY, isRunnable, PAGES, readPage } from '../docs/snippets.ts';
import { BEFORE_EXAMPLES, prepareCommands, prepareFleet } from '../docs/worlds/fleet.ts';
import type { EndWorld } from '../docs/worlds/sink.ts';
import { prepareWhyNot } from '../docs/worlds/why-not.ts';

type Prepare = (session: Session) => Promise<EndWorld>;

const REFERENCE = 'cmd/README.md';
const noWorld: Prepare = async () => async () => undefined;
const WORLDS: Readonly<Record<string, Prepare>> = {
  'README.md': prepareFleet,
  'manifests/guides/why-did-i-not-get-it.md': prepareWhyNot,
};

for (const page of PAGES) {
  const snippets = findSnippets(page, readPage(page)).filter(({ exemption }) => exemption === undefined);
  if (page === REFERENCE || page in HELD_BY || !snippets.some(isRunnable)) continue;

  test(`${page} runs`, () =>
    inSession(WORLDS[page] ?? noWorld, async (session) => {
      for (const snippet of snippets) await session.play(snippet);
    }));
}

/** Examples that cannot run here, and why. */
const NOT_RUN = [
  { pattern: /^tocsin demo\b/, reason: 'it listens on a fixed port, which the samples name' },
  { pattern: / --(?:cluster|kubeconfig)\b/, reason: 'it needs a cluster' },
];
const MOST_NOT_RUN = 3;

test('the examples of every command run', (context) =>
  inSession(prepareCommands, async (session) => {
    let notRun = 0;
    for (const section of toCommandReference(createProgram(systemTerminal))
      .split(/^## tocsin /m)
      .slice(1)) {
      const name = section.split('\n')[0] ?? '';
      const [examples] = findSnippets(`${REFERENCE}, ${name}`, section).filter(({ language }) => language === 'sh');
      assert.ok(examples, `${name} has no example`);
      await BEFORE_EXAMPLES[name]?.(session);
      for (const command of examples.text.split('\n')) {
        const reason = NOT_RUN.find(({ pattern }) => pattern.test(command))?.reason;
        if (reason === undefined) {
          await session.play({ ...examples, text: toEnding(command) });
          continue;
        }
        context.diagnostic(`not run: ${command}: ${reason}`);
        notRun += 1;
      }
    }
    assert.ok(notRun <= MOST_NOT_RUN, `${notRun} examples are not run`);
  }));

/** What stays up is started in the background; what follows is ended by Ctrl-C once it has shown something, and then all is well. */
function toEnding(command: string): string {
  if (command.startsWith('tocsin serve')) return `${command} > tocsin.log 2>&1 &`;
  if (!command.includes('--follow')) return command;
  return `: > rows; ${command} > rows & until [ -s rows ]; do sleep 0.1; done; kill -INT $!; wait $!`;
}

async function inSession(prepare: Prepare, use: (session: Session) => Promise<void>): Promise<void> {
  const session = await startSession();
  let endWorld: EndWorld | undefined;
  try {
    endWorld = await prepare(session);
    await use(session);
  } finally {
    await session.close();
    await endWorld?.();
  }
}

const BROKEN = [
  { name: 'a command that is not there', text: '$ tocsin sing', says: /page\.md:1: tocsin sing\n.*there is no command "sing"/s },
  { name: 'a flag that is not there', text: '$ tocsin version --loud\n0.1.0', says: /page\.md:1: tocsin version --loud/ },
  { name: 'another output', text: '$ tocsin version\n9.9.9', says: /the page shows:\n {4}9\.9\.9\nit printed:\n {4}\d/ },
  { name: 'an output that is not shown', text: '$ tocsin version', says: /the page shows:\n\s*it printed:\n {4}\d/ },
  { name: 'an exit code that is not shown', text: '$ tocsin lint none\n…', says: /it ended with 1, which the page does not show/ },
  { name: 'an exit code that is another', text: '$ tocsin lint none\n…\n$ echo $?\n2', says: /page\.md:3: echo \$\?/ },
  { name: 'a shell that ends', text: '$ exit 3', says: /page\.md:1: exit 3\n/ },
];

test('a block that does not do what the page shows fails', () =>
  inSession(noWorld, async (session) => {
    for (const { name, text, says } of BROKEN) {
      await assert.rejects(session.play({ page: 'page.md', line: 1, language: 'console', text }), says, name);
    }
  }));

test('a command of an sh block that fails is told, whatever stands behind it', () =>
  inSession(noWorld, (session) =>
    assert.rejects(
      session.play({ page: 'page.md', line: 7, language: 'sh', text: 'tocsin lint none\necho fine' }),
      /page\.md:7: tocsin lint/,
    ),
  ));
