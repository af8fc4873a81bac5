// Whole commits as check runs, against an emulated GitHub that knows what an App may do.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toCommitWord } from '../../internal/sdk/git/commit-word.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import type { TallyWord } from '../../internal/sdk/tally.ts';
import { sendStatus } from './send-status.ts';

const SHA = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';
const NEWER = 'b'.repeat(40);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const APP = {
  githubAppID: '12345',
  githubAppInstallationID: '678',
  githubAppPrivateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

interface CheckRun {
  readonly id: number;
  readonly name: string;
  readonly head_sha: string;
  readonly app: number;
  status: string;
  conclusion: string | null;
  external_id: string;
  details_url?: string;
  output: { title: string; summary: string; text?: string };
}

/** The part of GitHub that check runs and statuses are; whatever it has no permission for it answers as GitHub does. */
class Github {
  readonly runs: CheckRun[] = [];
  readonly statuses: Record<string, unknown>[] = [];
  readonly calls: string[] = [];
  /** Answered to everything about check runs. */
  refusal: HttpResponse | undefined;

  answer(request: HttpRequest): HttpResponse {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.endsWith('/access_tokens')) return toResponse(201, { token: 'app-token', expires_at: '2099-01-01T00:00:00Z' });
    this.calls.push(`${request.method} ${pathname.replace('/repos/example/fleet', '').replace(SHA, 'SHA')}`);
    const body = request.method === 'GET' ? {} : (JSON.parse(String(request.body)) as Partial<CheckRun>);
    if (pathname.includes('/check-runs')) return this.refusal ?? this.#checkRuns(request.method, { pathname, searchParams, body });
    if (request.method === 'GET') return toResponse(200, []);
    this.statuses.push(body);
    return toResponse(201, { id: 1 });
  }

  #checkRuns(
    method: string,
    { pathname, searchParams, body }: { pathname: string; searchParams: URLSearchParams; body: Partial<CheckRun> },
  ) {
    if (method === 'GET') {
      assert.equal(searchParams.get('app_id'), '12345');
      const found = this.runs.filter(({ name, app }) => name === searchParams.get('check_name') && app === 12345);
      return toResponse(200, { total_count: found.length, check_runs: found });
    }
    if (method === 'POST') {
      const run = { id: this.runs.length + 1, app: 12345, conclusion: null, ...body } as CheckRun;
      this.runs.push({ ...run, status: run.conclusion === null ? run.status : 'completed' });
      return toResponse(201, { id: run.id });
    }
    const run = this.runs.find(({ id }) => pathname.endsWith(`/${id}`));
    if (run === undefined) return toResponse(404, { message: 'Not Found' });
    if (run.status === 'completed' && body.status === 'in_progress') return toResponse(422, { message: 'the run is completed' });
    Object.assign(run, body);
    return toResponse(200, { id: run.id });
  }
}

type Object = readonly [name: string, turn: 'ready' | 'failing' | 'working' | 'superseded', message?: string];

const TURNS = {
  ready: {},
  failing: { severity: 'error', reason: 'HealthCheckFailed' },
  working: { reason: 'Progressing' },
  superseded: { reason: 'Progressing' },
} as const;

function word([name, turn, message = 'm']: Object): TallyWord {
  const involvedObject = { ...exampleEvent().involvedObject, name };
  const told = toCommitWord(exampleEvent({ ...TURNS[turn], message, involvedObject }), true);
  assert.ok(told !== undefined);
  return { member: name, word: told.text, isOpen: turn === 'working', ...(turn === 'superseded' ? { closedBy: NEWER } : {}) };
}

function input(objects: readonly Object[], changes: { secret?: Record<string, string>; targetUrl?: string } = {}): RenderInput {
  return toRenderInput({
    spec: { address: 'https://github.com/example/fleet' },
    secret: changes.secret ?? APP,
    event: exampleEvent(),
    statusId: 'flux/fleet',
    annotations: { 'tocsin.dev/aggregate': 'only' },
    tally: { revision: SHA, words: objects.map(word) },
    ...(changes.targetUrl === undefined ? {} : { targetUrl: changes.targetUrl }),
  });
}

function createWorld() {
  const github = new Github();
  const bench = createBench((request) => github.answer(request));
  const tell = async (objects: readonly Object[], changes: Parameters<typeof input>[1] = {}): Promise<Outcome> => {
    github.calls.length = 0;
    const outcome = await sendStatus(bench.context, input(objects, changes));
    if (outcome.kind === 'delivered') bench.remember(outcome.remember ?? []);
    return outcome;
  };
  return { github, bench, tell };
}

test('a check run follows the commit, with a page of details', async () => {
  const { github, tell } = createWorld();

  await tell(
    [
      ['web', 'working', 'waiting for Deployment'],
      ['db', 'ready'],
    ],
    { targetUrl: 'https://console.example.com/' },
  );
  assert.deepEqual(github.calls, ['GET /commits/SHA/check-runs', 'POST /check-runs']);
  assert.deepEqual(
    github.runs.map(({ name, head_sha, status, conclusion, details_url }) => ({ name, head_sha, status, conclusion, details_url })),
    [{ name: 'flux/fleet', head_sha: SHA, status: 'in_progress', conclusion: null, details_url: 'https://console.example.com/' }],
  );

  await tell([
    ['web', 'failing', 'timeout, see <b>@team</b> `kubectl`'],
    ['db', 'ready'],
  ]);
  assert.deepEqual(github.calls, ['PATCH /check-runs/1']);
  const [run] = github.runs;
  assert.deepEqual([run?.status, run?.conclusion], ['completed', 'failure']);
  assert.deepEqual(run?.output, {
    title: '1 of 2 ready, 1 failing: apps/web',
    summary: `Commit \`${SHA}\`: 1 of 2 ready, 1 failing.`,
    text: [
      '### Failing',
      '',
      '* `apps/web` (`Kustomization`): `health check failed`',
      '  `` timeout, see <b>@team</b> `kubectl` ``',
      '',
      '### Ready',
      '',
      '* `apps/db` (`Kustomization`)',
    ].join('\n'),
  });
  assert.deepEqual(github.statuses, []);
});

test('what is known and equal costs no call, and a page that changed is told', async () => {
  const { github, tell } = createWorld();
  await tell([
    ['web', 'failing', 'one'],
    ['db', 'ready', 'Reconciled in 1 s'],
  ]);

  await tell([
    ['web', 'failing', 'one'],
    ['db', 'ready', 'Reconciled in 2 s'],
  ]);
  assert.deepEqual(github.calls, []);

  await tell([
    ['web', 'failing', 'two'],
    ['db', 'ready'],
  ]);
  assert.deepEqual(github.calls, ['PATCH /check-runs/1']);
});

test('after an ambiguous try the run is found by its name, and is not made twice', async () => {
  const { github, bench, tell } = createWorld();
  await tell([['web', 'working']]);
  bench.forget('lane');

  const outcome = await tell([['web', 'working']]);
  assert.deepEqual(github.calls, ['GET /commits/SHA/check-runs']);
  assert.equal(outcome.kind === 'delivered' && outcome.note, 'the status is there already');

  bench.forget('lane');
  await tell([['web', 'ready']]);
  assert.deepEqual(github.calls, ['GET /commits/SHA/check-runs', 'PATCH /check-runs/1']);
});

test('work that begins anew after a verdict is a new run', async () => {
  const { github, tell } = createWorld();
  await tell([['web', 'ready']]);

  await tell([['web', 'working']]);

  assert.deepEqual(github.calls, ['POST /check-runs']);
  assert.deepEqual(
    github.runs.map(({ status, conclusion }) => [status, conclusion]),
    [
      ['completed', 'success'],
      ['in_progress', null],
    ],
  );
});

test('a run that is gone is made anew', async () => {
  const { github, tell } = createWorld();
  await tell([['web', 'working']]);
  github.runs.length = 0;

  await tell([['web', 'ready']]);

  assert.deepEqual(github.calls, ['PATCH /check-runs/1', 'POST /check-runs']);
});

const CONCLUSIONS: readonly { objects: readonly Object[]; want: string | null }[] = [
  { objects: [['web', 'ready']], want: 'success' },
  {
    objects: [
      ['web', 'ready'],
      ['db', 'failing'],
    ],
    want: 'failure',
  },
  {
    objects: [
      ['web', 'working'],
      ['db', 'failing'],
    ],
    want: null,
  },
  {
    objects: [
      ['web', 'superseded'],
      ['db', 'ready'],
    ],
    want: 'neutral',
  },
  {
    objects: [
      ['web', 'superseded'],
      ['db', 'failing'],
    ],
    want: 'failure',
  },
];

for (const { objects, want } of CONCLUSIONS) {
  test(`the conclusion of ${objects.map(([, turn]) => turn).join(' and ')} is ${want}`, async () => {
    const { github, tell } = createWorld();

    await tell(objects);

    assert.equal(github.runs[0]?.conclusion, want);
  });
}

const REFUSALS = [
  { name: 'the permission is missing', refusal: toResponse(403, { message: 'Resource not accessible by integration' }) },
  { name: 'the server has no check runs', refusal: toResponse(404, { message: 'Not Found' }) },
];

for (const { name, refusal } of REFUSALS) {
  test(`${name}: a commit status has to do, and GitHub is not asked again for an hour`, async () => {
    const { github, bench, tell } = createWorld();
    github.refusal = refusal;

    const outcome = await tell([['web', 'ready']]);

    assert.deepEqual(github.statuses, [{ state: 'success', description: '1 of 1 ready', context: 'flux/fleet' }]);
    assert.match(
      outcome.kind === 'delivered' ? (outcome.note ?? '') : outcome.message,
      /^commit 5394cb7f: 1 of 1 ready; a commit status, because check runs were refused: answered 40/,
    );
    await tell([['web', 'failing']]);
    assert.deepEqual(github.calls, ['POST /statuses/SHA']);

    github.refusal = undefined;
    if (outcome.kind === 'delivered') bench.remember(outcome.remember ?? [], 3_700_000);
    await tell([['web', 'ready']]);
    assert.equal(github.runs[0]?.conclusion, 'success', 'it may by now');
  });
}

test('a spent budget is no refusal', async () => {
  const { github, tell } = createWorld();
  github.refusal = toResponse(403, { message: 'You have exceeded a secondary rate limit.' });

  const outcome = await tell([['web', 'ready']]);

  assert.deepEqual([outcome.kind, outcome.kind === 'deferred' && outcome.reason], ['deferred', 'rate-limited']);
  assert.deepEqual(github.statuses, []);
});

test('a token cannot write check runs, so nothing is tried', async () => {
  const { github, tell } = createWorld();

  await tell([['web', 'ready']], { secret: { token: 'token', ...APP } });

  assert.deepEqual(github.calls, ['GET /commits/SHA/statuses', 'POST /statuses/SHA']);
});

test('the page of a very large commit stays within the limit, and says what is missing', async () => {
  const { github, tell } = createWorld();
  const objects = Array.from({ length: 1_000 }, (_, index): Object => [`application-${index}`, 'failing', '警'.repeat(300)]);

  await tell(objects);

  const text = github.runs[0]?.output.text ?? '';
  assert.ok(Buffer.byteLength(text) <= 65_535);
  const shown = text.split('\n').filter((line) => line.startsWith('* ')).length;
  assert.ok(text.endsWith(`… and ${1_000 - shown} more objects`), text.slice(-100));
});
