// What a person sees in Gitea: the status on a real commit, the comment on a real pull request, and what a check says of tokens.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTocsin } from '../support/command.ts';
import { sendHttp } from '../support/http-sender.ts';
import { until } from '../support/outcome.ts';
import { type Product, startProduct } from '../support/product.ts';
import type { ScenarioOf, ScenarioReport } from '../support/scenarios.ts';
import { type Gitea, startGitea } from './gitea.ts';

const WAIT_MS = 30_000;
const CONTEXTS = 60;
const apiVersion = 'notification.toolkit.fluxcd.io/v1beta3';

interface World extends ScenarioReport {
  readonly gitea: Gitea;
  readonly product: Product;
  /** The head of the pull request. */
  readonly sha: string;
  /** What it is based on. */
  readonly baseSha: string;
  readonly pullRequest: number;
  /** The folder of manifests, for commands that read it. */
  readonly manifests: string;
}

interface Status {
  readonly id: number;
  readonly context: string;
  readonly status: string;
  readonly description: string;
  readonly target_url: string;
  readonly creator: { readonly login: string };
}

export const status: ScenarioOf<ScenarioReport> = {
  name: 'status',
  promise: 'a commit shows the last verdict of an object, and nothing twice',
  run: (report) =>
    inWorld(report, async (world) => {
      for (const [reason, severity, want] of [
        ['Progressing', 'info', 'pending'],
        ['HealthCheckFailed', 'error', 'failure'],
        ['ReconciliationSucceeded', 'info', 'success'],
      ] as const) {
        await send(world, { reason, severity });
        if (!(await until(async () => (await statuses(world))[0]?.status === want, WAIT_MS))) world.fail(`${want} is not shown`);
      }
      const [newest] = await statuses(world);
      world.note(`${newest?.context}: ${newest?.status}, ${newest?.description}, by ${newest?.creator.login}`);
      await send(world, { reason: 'ReconciliationSucceeded', severity: 'info', message: 'once more' });
      await untilDrained(world);
      const written = await statuses(world);
      if (written.length !== 3) world.fail(`${written.length} statuses instead of 3`);
    }),
};

const ANNOTATIONS = {
  'tocsin.dev/aggregate': 'enabled',
  'tocsin.dev/pending-status': 'enabled',
  'tocsin.dev/target-url': '"https://console.example.com/" + event.involvedObject.name',
};

export const wholeCommit: ScenarioOf<ScenarioReport> = {
  name: 'whole-commit',
  promise: 'one status says how far a commit is, and a commit that a newer one overtakes is not left pending',
  run: (report) =>
    inWorld(
      report,
      async (world) => {
        const sha = world.baseSha;
        const shows = async (at: string, ending: string, want: string): Promise<void> => {
          const find = async () => (await statuses(world, at)).find(({ context }) => context.includes(ending));
          const isShown = async (): Promise<boolean> => {
            const found = await find();
            return `${found?.status}: ${found?.description}` === want;
          };
          if (!(await until(isShown, WAIT_MS))) world.fail(`${ending} does not say "${want}" but ${JSON.stringify(await find())}`);
        };
        for (const name of ['web', 'db']) await send(world, { name, sha, reason: 'Progressing', severity: 'info' });
        await shows(sha, 'flux/statuses', 'pending: 0 of 2 ready, 2 in progress: apps/db, apps/web');
        await send(world, { name: 'web', sha, reason: 'ReconciliationSucceeded', severity: 'info' });
        await shows(sha, 'flux/statuses', 'pending: 1 of 2 ready, 1 in progress: apps/db');
        await send(world, { name: 'web', reason: 'ReconciliationSucceeded', severity: 'info' });
        await send(world, { name: 'db', reason: 'HealthCheckFailed', severity: 'error' });
        await shows(world.sha, 'flux/statuses', 'failure: 1 of 2 ready, 1 failing: apps/db');
        const by = world.sha.slice(0, 8);
        await shows(sha, 'kustomization/db/', `success: superseded by ${by}`);
        await shows(sha, 'flux/statuses', `success: 1 of 2 ready, 1 superseded by ${by}`);
        const links = new Set((await statuses(world, sha)).map(({ target_url }) => target_url));
        world.note(`${[...links].join(' ')} on ${sha.slice(0, 8)}, superseded by ${by}`);
        if (!links.has('https://console.example.com/web')) world.fail('the statuses link to nothing');
      },
      ANNOTATIONS,
    ),
};

export const contexts: ScenarioOf<ScenarioReport> = {
  name: 'contexts',
  promise: `a commit with ${CONTEXTS} contexts, more than a page of the API, gets each status once`,
  run: (report) =>
    inWorld(report, async (world) => {
      for (let round = 1; round <= 3; round += 1) {
        const objects = Array.from({ length: CONTEXTS }, (_, index) => `app-${index}`);
        const message = `round ${round}`;
        await Promise.all(
          objects.map(async (name) => await send(world, { name, message, reason: 'ReconciliationSucceeded', severity: 'info' })),
        );
        await untilDrained(world);
      }
      const written = await statuses(world);
      world.note(`${written.length} statuses of ${new Set(written.map(({ context }) => context)).size} contexts`);
      if (written.length !== CONTEXTS) world.fail(`${written.length} statuses instead of ${CONTEXTS}`);
    }),
};

export const comment: ScenarioOf<ScenarioReport> = {
  name: 'comment',
  promise: 'a pull request has one comment about an object, and it says the last word',
  run: (report) =>
    inWorld(report, async (world) => {
      for (const message of ['first', 'second']) {
        await send(world, { name: 'commented', reason: 'ReconciliationSucceeded', severity: 'info', message });
        if (!(await until(async () => (await comments(world)).some(({ body }) => body.includes(message)), WAIT_MS))) {
          world.fail(`no comment says "${message}"`);
        }
      }
      const found = await comments(world);
      if (found.length !== 1) world.fail(`${found.length} comments instead of one`);
      world.note(`by ${found[0]?.user.login}: ${JSON.stringify(found[0]?.body.slice(0, 120))}`);
    }),
};

export const check: ScenarioOf<ScenarioReport> = {
  name: 'check',
  promise: 'a check says in words what is wrong with a token or a repository',
  run: (report) =>
    inWorld(report, async (world) => {
      const { gitea } = world;
      await expect(world, 'statuses', /the token can read flux-bot\/fleet; its user may write statuses/);
      await gitea.createUser('reader');
      await gitea.ask('PUT', '/repos/flux-bot/fleet/collaborators/reader', { permission: 'read' });
      writeManifests(world.manifests, gitea, await gitea.createToken('reader', ['read:repository']));
      await expect(world, 'statuses', /can read but not write statuses on flux-bot\/fleet: its user must be allowed to push there/);
      writeManifests(world.manifests, gitea, await gitea.createToken('reader', ['read:misc']));
      await expect(world, 'statuses', /answered 403: .*read:repository/);
      writeManifests(world.manifests, gitea, 'nobodys-token');
      await expect(world, 'statuses', /does not accept the token, which is mistyped, has expired or was revoked/);
      const token = await gitea.createToken(gitea.login, ['write:repository', 'write:issue', 'read:user']);
      writeManifests(world.manifests, gitea, token);
      await gitea.ask('PATCH', '/repos/flux-bot/fleet', { archived: true });
      await expect(world, 'statuses', /flux-bot\/fleet is archived/);
      await gitea.ask('PATCH', '/repos/flux-bot/fleet', { archived: false });
      await gitea.ask('PATCH', '/repos/flux-bot/fleet', { name: 'estate' });
      await expect(world, 'statuses', /flux-bot\/fleet was renamed or moved to flux-bot\/estate/);
      await gitea.ask('DELETE', '/repos/flux-bot/estate');
      await expect(world, 'statuses', /there is no flux-bot\/fleet, or the token may not see it/);
    }),
};

async function expect({ manifests, note, fail }: World, provider: string, says: RegExp): Promise<void> {
  const { stdout, stderr } = await runTocsin('check', `apps/${provider}`, '--manifests', manifests);
  const line = stdout.split('\n').find((text) => text.includes('credentials')) ?? `${stdout}${stderr}`;
  note(line.trim());
  if (!says.test(line)) fail(`that is not ${String(says)}`);
}

/** The newest first; Gitea itself sorts by seconds. */
async function statuses({ gitea, ...world }: World, sha = world.sha): Promise<readonly Status[]> {
  const found: Status[] = [];
  for (let page = 1; ; page += 1) {
    const items = (await gitea.ask('GET', `/repos/flux-bot/fleet/commits/${sha}/statuses?limit=50&page=${page}`)) as Status[];
    found.push(...items);
    if (items.length < 50) return found.toSorted((a, b) => b.id - a.id);
  }
}

async function comments({ gitea, pullRequest }: World) {
  const found = await gitea.ask('GET', `/repos/flux-bot/fleet/issues/${pullRequest}/comments`);
  return found as readonly { readonly body: string; readonly user: { readonly login: string } }[];
}

async function untilDrained({ product, fail }: World): Promise<void> {
  const isDrained = async (): Promise<boolean> => {
    const { states } = (await product.admin('/api/v1/stats')).body as { readonly states: Readonly<Record<string, number>> };
    return states['waiting'] === 0 && states['leased'] === 0;
  };
  if (!(await until(isDrained, WAIT_MS))) fail('deliveries still wait');
}

interface Said {
  readonly name?: string;
  readonly sha?: string;
  readonly reason: string;
  readonly severity: string;
  readonly message?: string;
}

async function send(
  { product, pullRequest, fail, ...world }: World,
  { name = 'webapp', sha = world.sha, reason, severity, message = reason }: Said,
): Promise<void> {
  const body = JSON.stringify({
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace: 'apps', name, uid: 'u' },
    severity,
    reason,
    message,
    timestamp: new Date().toISOString(),
    metadata: {
      'kustomize.toolkit.fluxcd.io/revision': `feature@sha1:${sha}`,
      // By this Flux's controllers ask for a status even where nothing has changed.
      ...(name === 'commented'
        ? { 'event.toolkit.fluxcd.io/change_request': String(pullRequest) }
        : { 'kustomize.toolkit.fluxcd.io/commit_status': 'update' }),
    },
    reportingController: 'kustomize-controller',
    reportingInstance: 'kustomize-controller-0',
  });
  const answer = await sendHttp({ to: product.addresses.events, method: 'POST', path: '/', headers: {}, body, timeoutMs: WAIT_MS });
  if (answer.status !== 202) fail(`the event was answered ${answer.status}`);
}

async function inWorld(
  report: ScenarioReport,
  act: (world: World) => Promise<void>,
  annotations: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { directory, program } = report;
  const cleanups: (() => unknown)[] = [];
  try {
    const gitea = await startGitea(directory, report.note);
    cleanups.push(() => gitea.stop());
    report.note(`Gitea ${gitea.version}`);
    const { sha, baseSha, pullRequest } = await createPullRequest(gitea);
    const manifests = join(directory, 'manifests');
    mkdirSync(manifests);
    const token = await gitea.createToken(gitea.login, ['write:repository', 'write:issue', 'read:user']);
    writeManifests(manifests, gitea, token, annotations);
    const files = { manifests: [manifests], store: join(directory, 'tocsin.db'), logFile: join(directory, 'tocsin.log') };
    const product = await startProduct({ program, ...files });
    cleanups.push(() => product.stop());
    await act({ ...report, gitea, product, sha, baseSha, pullRequest, manifests });
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  }
}

/** A repository with a commit on a branch, and a pull request of it. */
async function createPullRequest(gitea: Gitea): Promise<Pick<World, 'sha' | 'baseSha' | 'pullRequest'>> {
  await gitea.ask('POST', '/user/repos', { name: 'fleet', auto_init: true, default_branch: 'main' });
  const file = { content: Buffer.from('replicas: 2\n').toString('base64'), message: 'two replicas', branch: 'main', new_branch: 'feature' };
  const { commit } = (await gitea.ask('POST', '/repos/flux-bot/fleet/contents/app.yaml', file)) as {
    readonly commit: { readonly sha: string };
  };
  const pull = (await gitea.ask('POST', '/repos/flux-bot/fleet/pulls', { title: 'Two replicas', head: 'feature', base: 'main' })) as {
    readonly number: number;
    readonly base: { readonly sha: string };
  };
  return { sha: commit.sha, baseSha: pull.base.sha, pullRequest: pull.number };
}

/** Two Providers and their Alerts: statuses of everything, comments about one object. */
function writeManifests(folder: string, { address }: Gitea, token: string, annotations: Readonly<Record<string, string>> = {}): void {
  const repository = `${address}/flux-bot/fleet`;
  const parts = [
    { name: 'statuses', type: 'gitea', source: '*' },
    { name: 'comments', type: 'giteapullrequestcomment', source: 'commented' },
  ].flatMap(({ name, type, source }) => {
    const metadata = { name, namespace: 'apps' };
    const eventSources = [{ kind: 'Kustomization', name: source }];
    return [
      {
        apiVersion,
        kind: 'Provider',
        metadata: { ...metadata, annotations },
        spec: { type, address: repository, secretRef: { name: 'token' } },
      },
      { apiVersion, kind: 'Alert', metadata, spec: { providerRef: { name }, eventSeverity: 'info', eventSources } },
    ];
  });
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace: 'apps' }, stringData: { token } };
  writeFileSync(join(folder, 'all.yaml'), [...parts, secret].map((object) => `---\n${JSON.stringify(object)}\n`).join(''));
}
