// /healthz and /readyz, also with /ping behind them and with ?verbose, answered like the probes of a controller.
// Alive = the event loop answers. Ready = the store can be written, and a Snapshot serves or was waited for long enough:
// an unready pod receives nothing, and storing what comes is what it is for.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { StoreError } from '../outbox/store.ts';
import type { Clock } from '../sdk/ports.ts';

const SNAPSHOT_WAIT_MS = 5000;
/** A probe of a kubelet gives up after 1 s, and would not hear what is wrong. */
const STORE_WAIT_MS = 900;

export interface HealthOptions {
  readonly clock: Pick<Clock, 'monotonicMs' | 'schedule'>;
  readonly store: () => Promise<{ readonly writable: boolean; readonly problem?: string; readonly persistent: boolean }>;
  readonly hasSnapshot: () => boolean;
  /** What the first Snapshot waits for, where that is known. */
  readonly obstacle?: () => string | undefined;
}

export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed';
  /** Absent when there is nothing to say. */
  readonly detail?: string;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers the probes; time since start counts from this call. Also usable as an express handler. */
export function createHealthHandler(options: HealthOptions): RequestHandler {
  const startedMs = options.clock.monotonicMs();
  const probes: Readonly<Record<string, () => Promise<readonly Check[]>>> = {
    healthz: async () => [PING],
    readyz: () => readiness(options, startedMs),
  };
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://health');
    const [name = '', check, ...rest] = url.pathname.split('/').slice(1);
    const probe = probes[name];
    if (probe === undefined || rest.length > 0 || (check !== undefined && check !== '' && check !== 'ping')) {
      answer(response, 404, '404 page not found\n');
    } else if (check === 'ping') {
      answer(response, 200, 'ok');
    } else {
      void probe().then((checks) => answerChecks(response, name, checks, url.searchParams.has('verbose')));
    }
  };
}

const PING: Check = { name: 'ping', state: 'ok' };

/** The checks of /readyz; never rejects. */
async function readiness(options: HealthOptions, startedMs: number): Promise<readonly Check[]> {
  return [PING, ...(await storeChecks(options)), snapshotCheck(options, options.clock.monotonicMs() - startedMs)];
}

async function storeChecks({ clock, store }: HealthOptions): Promise<readonly Check[]> {
  const tooLate = Promise.withResolvers<never>();
  const cancelWait = clock.schedule(STORE_WAIT_MS, () => tooLate.reject(new StoreError('busy', 'store does not answer')));
  try {
    const { writable, problem, persistent } = await Promise.race([store(), tooLate.promise]);
    return [
      writable ? { name: 'store', state: 'ok' } : { name: 'store', state: 'failed', detail: problem ?? 'store is not writable' },
      persistent
        ? { name: 'persistence', state: 'ok' }
        : { name: 'persistence', state: 'warning', detail: 'store is not on a persistent volume' },
    ];
  } catch (error) {
    // A failure that the store does not name is logged by those who need it; here it only counts that there is no answer.
    return [{ name: 'store', state: 'failed', detail: error instanceof StoreError ? error.message : 'store does not answer' }];
  } finally {
    cancelWait();
  }
}

function snapshotCheck({ hasSnapshot, obstacle }: HealthOptions, upMs: number): Check {
  if (hasSnapshot()) return { name: 'snapshot', state: 'ok' };
  const state = upMs >= SNAPSHOT_WAIT_MS ? 'warning' : 'failed';
  const detail = ['no configuration has been read yet', obstacle?.() ?? []].flat().join(': ');
  return { name: 'snapshot', state, detail };
}

function answerChecks(response: ServerResponse, name: string, checks: readonly Check[], isVerbose: boolean): void {
  const hasFailed = checks.some((check) => check.state === 'failed');
  const lines = checks.map(toLine);
  if (hasFailed) answer(response, 503, `${lines.join('\n')}\n${name} check failed\n`);
  else answer(response, 200, isVerbose ? `${lines.join('\n')}\n${name} check passed\n` : 'ok');
}

const MARKS = { ok: '+', warning: '!', failed: '-' } as const;

function toLine({ name, state, detail }: Check): string {
  return `[${MARKS[state]}]${name} ${detail === undefined ? state : `${state}: ${detail}`}`;
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(body);
}
