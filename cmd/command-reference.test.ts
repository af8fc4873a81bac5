// Nothing that a person can type goes without a description, an exit code and an example, and the page shows all of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Argument, Command, Option } from 'commander';
import { toCommandReference } from './command-reference.ts';
import { createProgram } from './program.ts';
import { systemTerminal } from './terminal.ts';

const program = createProgram(systemTerminal);
const page = toCommandReference(program);

test('every command, argument and option has a description', () => {
  const bare = program.commands.flatMap((command) => [
    ...(command.description() === '' ? [command.name()] : []),
    ...command.registeredArguments.filter(({ description }) => description === '').map((one) => `${command.name()} <${one.name()}>`),
    ...command.options.filter(({ description }) => description === '').map(({ flags }) => `${command.name()} ${flags}`),
  ]);

  assert.ok(program.commands.length > 10);
  assert.deepEqual(bare, []);
});

for (const command of program.commands) {
  const section = page.split(/^## tocsin /m).find((text) => text.startsWith(`${command.name()}\n`)) ?? '';

  test(`the page shows tocsin ${command.name()}: options, exit codes, an example`, () => {
    for (const { flags } of command.options) assert.ok(section.includes(`\`${flags}\``), flags);
    assert.match(section, /^\| 0 \| [A-Z].*\.[^]*^\| 2 \| Wrong usage\. \|$/m);
    assert.match(section, new RegExp(`\`\`\`sh\ntocsin ${command.name()}\\b`));
  });
}

test('the page holds nothing of the machine that wrote it', () => {
  assert.doesNotMatch(page, new RegExp(`${process.cwd()}|\`\\d{6,}\``));
});

const HELP = `
Tells <this> and *that*.
Exit codes: 0 fine, 1 nothing, or not
much, 2 wrong usage.

Examples:
  tocsin tell a
  tocsin tell a --loud          (of the other kind)
`;

test('a command becomes a section', () => {
  const small = new Command('tocsin');
  small
    .command('tell')
    .description('say a thing')
    .addArgument(new Argument('<thing...>', 'what to say'))
    .addOption(new Option('--to <a|b>', 'who hears it').default(7_000, '7s'))
    .requiredOption('--as <name>', 'who says it')
    .option('--loud', 'say it loud', false)
    .addOption(new Option('--secretly').hideHelp())
    .addHelpText('after', HELP);

  const [, section] = toCommandReference(small).split('## tocsin tell\n');

  assert.equal(
    section,
    `
Say a thing.

\`\`\`text
tocsin tell [options] <thing...>
\`\`\`

| Argument | Meaning |
| --- | --- |
| \`<thing...>\` | What to say. |

| Option | Meaning | Default |
| --- | --- | --- |
| \`--to <a\\|b>\` | Who hears it. | \`7s\` |
| \`--as <name>\` | Required. Who says it. |  |
| \`--loud\` | Say it loud. |  |

Tells \\<this> and \\*that\\*.

| Exit code | When |
| --- | --- |
| 0 | Fine. |
| 1 | Nothing, or not much. |
| 2 | Wrong usage. |

\`\`\`sh
tocsin tell a
tocsin tell a --loud  # of the other kind
\`\`\`
`,
  );
});

test('writing the page leaves the program as it was', () => {
  const printed: string[] = [];
  const small = new Command('tocsin');
  const tell = small.command('tell').configureOutput({ writeOut: (text) => printed.push(text) });

  toCommandReference(small);
  tell.outputHelp();

  assert.match(printed.join(''), /^Usage: tocsin tell/);
});
