// What every command says of words and flags that it does not know: where the fault is, and what to write instead.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHere } from '../test/support/command.ts';

const cases: readonly { readonly name: string; readonly args: readonly string[]; readonly want: string }[] = [
  {
    name: 'a mistyped command',
    args: ['delivries'],
    want: 'error: there is no command "delivries"; did you mean deliveries?\n(tocsin --help lists the commands)\n',
  },
  { name: 'no command at all', args: ['nonsense'], want: 'error: there is no command "nonsense"\n(tocsin --help lists the commands)\n' },
  {
    name: 'a folder without its flag',
    args: ['serve', 'fleet'],
    want: 'error: serve takes no arguments; name the folder with --manifests fleet\n(tocsin --help lists the commands)\n',
  },
  {
    name: 'a time in other words',
    args: ['deliveries', '--since', '5x'],
    want:
      "error: option '--since <time>' argument '5x' is invalid: write 30m, 2h or 7d, or a moment such as 2026-01-31T15:04:05Z.\n" +
      '(tocsin deliveries --help lists its flags)\n',
  },
  {
    name: 'a duration in other words, before anything is sent',
    args: ['send', 'Kustomization/apps/web', '--wait', '5x'],
    want:
      "error: option '--wait <duration>' argument '5x' is invalid: write a duration such as 30s, 5m or 1h30m.\n" +
      '(tocsin send --help lists its flags)\n',
  },
  {
    name: 'a mistyped severity',
    args: ['send', 'Kustomization/apps/web', '--severity', 'eror'],
    want:
      "error: option '--severity <severity>' argument 'eror' is invalid. Allowed choices are info, error, trace.\n" +
      '(tocsin send --help lists its flags)\n',
  },
  {
    name: 'a count of none',
    args: ['explain', 'Kustomization/apps/web', '--last', '0'],
    want: "error: option '--last <count>' argument '0' is invalid: write a number from 1 to 500.\n(tocsin explain --help lists its flags)\n",
  },
  {
    name: 'a cluster that nobody asked for',
    args: ['lint', 'fleet', '--kubeconfig', 'config'],
    want: 'error: --kubeconfig says which cluster --cluster judges; name both\n(tocsin lint --help lists its flags)\n',
  },
  {
    name: 'what is no object',
    args: ['send', 'web'],
    want: 'error: web is not an object; write Kind/namespace/name\n(tocsin send --help lists its flags)\n',
  },
  {
    name: 'what is no Provider',
    args: ['check', 'slack'],
    want: 'error: slack is no Provider; write namespace/name\n(tocsin check --help lists its flags)\n',
  },
];

for (const { name, args, want } of cases) {
  test(`wrong usage: ${name}`, async () => {
    assert.deepEqual(await runHere(...args), { code: 2, stdout: '', stderr: want });
  });
}

const unread: readonly { readonly name: string; readonly path: string; readonly want: RegExp }[] = [
  { name: 'a file that is not there', path: 'no-such-file', want: /cannot read no-such-file: it does not exist\n$/ },
  { name: 'a folder', path: '.', want: /cannot read \.: it is a folder\n$/ },
];

for (const { name, path, want } of unread) {
  test(`an event in ${name} is refused in words`, async () => {
    const { code, stdout, stderr } = await runHere('explain', '--event', path, '--manifests', 'manifests/samples');

    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(stderr, want);
  });
}
