// The reference of every command, written from the commands themselves: what `--help` says, as one page.
import type { Argument, Command, Option } from 'commander';

/** The text of cmd/README.md. */
export function toCommandReference(program: Command): string {
  const commands = program.commands;
  return [
    '# Commands',
    '',
    'What `tocsin <command> --help` says. Written by `npm run gen` from the definitions of the commands; do not edit.',
    'In a checkout `tocsin` is `npm run --silent tocsin --`. Answers go to standard output, failures and progress to standard error.',
    '',
    ...toTable(
      ['Command', 'What it does'],
      commands.map((command) => [`[${command.name()}](#tocsin-${command.name()})`, toSentence(command.description())]),
    ),
    ...commands.flatMap(toSection),
    '',
  ].join('\n');
}

function toSection(command: Command): string[] {
  const { prose, exitCodes, examples } = readRemarks(command);
  return [
    '',
    `## tocsin ${command.name()}`,
    '',
    toSentence(command.description()),
    '',
    '```text',
    `tocsin ${command.name()} ${command.usage()}`,
    '```',
    ...toBlock(['Argument', 'Meaning'], command.registeredArguments.map(toArgumentRow)),
    ...toBlock(['Option', 'Meaning', 'Default'], command.options.filter(({ hidden }) => !hidden).map(toOptionRow)),
    ...(prose === '' ? [] : ['', toMarkdown(prose)]),
    ...toBlock(['Exit code', 'When'], exitCodes),
    ...(examples.length === 0 ? [] : ['', '```sh', ...examples, '```']),
  ];
}

interface Remarks {
  readonly prose: string;
  readonly exitCodes: readonly (readonly [code: string, when: string])[];
  readonly examples: readonly string[];
}

/** What stands below the options in the help: prose, a line `Exit codes: …`, and lines below `Examples:`. */
function readRemarks(command: Command): Remarks {
  const [text = '', examples = ''] = remarksOf(command).split('\nExamples:\n');
  const [prose = '', codes = ''] = text.split(/^Exit codes: /m);
  return {
    prose: prose.trim(),
    exitCodes: [...codes.matchAll(/(\d) (.+?)(?=, \d |\.\s*$)/gs)].map(([, code = '', when = '']) => [
      code,
      toSentence(when.replaceAll('\n', ' ')),
    ]),
    examples: examples.split('\n').flatMap((line) => (line.trim() === '' ? [] : [toShell(line.trim())])),
  };
}

/** The help without what commander writes of arguments and options. */
function remarksOf(command: Command): string {
  let help = '';
  const before = { ...command.configureOutput() };
  command.configureOutput({ writeOut: (text) => void (help += text) });
  command.outputHelp();
  command.configureOutput(before);
  return help.slice(command.helpInformation().length);
}

/** A remark in brackets behind an example becomes a comment, so that the line can be run as it stands. */
function toShell(line: string): string {
  return line.replace(/ {2,}\((.*)\)$/, '  # $1');
}

function toArgumentRow(argument: Argument): string[] {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return [`\`${argument.required ? `<${name}>` : `[${name}]`}\``, toSentence(toMarkdown(argument.description))];
}

function toOptionRow(option: Option): string[] {
  const choices = option.argChoices === undefined ? '' : `: ${option.argChoices.join(', ')}`;
  const required = option.mandatory ? 'Required. ' : '';
  return [`\`${option.flags}\``, required + toSentence(toMarkdown(option.description + choices)), defaultOf(option)];
}

function defaultOf({ flags, defaultValue, defaultValueDescription }: Option): string {
  const takesValue = /[<[]/.test(flags);
  const text = defaultValueDescription ?? (defaultValue === undefined || !takesValue ? '' : String(defaultValue));
  return text === '' ? '' : `\`${text}\``;
}

function toBlock(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ['', ...toTable(head, rows)];
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
}

function toSentence(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return sentence === '' || sentence.endsWith('.') ? sentence : `${sentence}.`;
}

/** Help is plain text: what Markdown would take for a tag or emphasis is written so that it shows. */
function toMarkdown(text: string): string {
  return text.replaceAll(/[<*]/g, '\\$&');
}
