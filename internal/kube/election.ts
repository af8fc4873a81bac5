// Chooses one of several replicas by a Lease, as client-go does and in the same object, so that replicas of either kind respect
// one another. A leader that cannot renew stops being one before anybody else can begin.
import type { Clock, Logger, Random } from '../sdk/ports.ts';
import { isConflict, KubeError } from './kube-error.ts';
import type { KubeClient, KubeObject, Resource } from './ports.ts';
import { pause, withDeadline } from './waiting.ts';

export interface ElectionOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  /** Of this process; nobody else may have the same. */
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  /** Hands the lease over when stopped instead of letting it run out. */
  readonly releaseOnStop: boolean;
  readonly onChange?: (isLeader: boolean) => void;
  /** Told whenever a leader has to read the lease before it can renew it. */
  readonly onReread?: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** One part in it; whoever leads may stop doing so at any time. */
export interface Election {
  isLeader(): boolean;
  stop(): Promise<void>;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };
/** Those who wait ask at different times. */
const JITTER = 1.2;
const RELEASE_WITHIN_MS = 2000;

/** Takes part until stopped. */
export function startElection(options: ElectionOptions): Election {
  return new LeaseElection(options).start();
}

class LeaseElection implements Election {
  readonly #options: ElectionOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** As last read or written; undefined = it has to be read. */
  #lease: KubeObject | undefined;
  #seenVersion: string | undefined;
  #seenAtMs = 0;
  #cancelExpiry: (() => void) | undefined;
  #isLeader = false;
  #hasComplained = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  isLeader(): boolean {
    return this.#isLeader;
  }

  async stop(): Promise<void> {
    const wasLeader = this.#isLeader;
    this.#stopping.abort();
    await this.#running;
    this.#step(false);
    if (wasLeader && this.#options.releaseOnStop) await this.#release();
  }

  async #run(): Promise<void> {
    const { clock, retryPeriodMs, random } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await this.#tryOnce();
      const delayMs = this.#isLeader ? retryPeriodMs : retryPeriodMs * (1 + random() * JITTER);
      // Only stopping breaks it off, and that ends the loop.
      await pause(clock, delayMs, this.#stopping.signal).catch(() => undefined);
    }
  }

  /** What cannot be asked or written now is tried again in the next round. */
  async #tryOnce(): Promise<void> {
    const { clock, log, name, renewDeadlineMs } = this.#options;
    const startedMs = clock.monotonicMs();
    // Half of it, as for client-go: a connection that leads nowhere leaves time for a second try on another one.
    const deadline = {
      clock,
      timeoutMs: renewDeadlineMs / 2,
      signal: this.#stopping.signal,
      toError: () => toTimeout(renewDeadlineMs / 2),
    };
    try {
      if (await withDeadline(deadline, (signal) => this.#acquireOrRenew(signal))) this.#hold(startedMs);
      else this.#step(false);
      this.#hasComplained = false;
    } catch (error) {
      // Whatever it was, the lease has to be read again before it is written.
      this.#lease = undefined;
      if (this.#stopping.signal.aborted || isConflict(error) || this.#hasComplained) return;
      this.#hasComplained = true;
      log.warn({ error, lease: name }, 'the lease of the leader cannot be read or written, trying again');
    }
  }

  async #acquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, clock, namespace, name, identity } = this.#options;
    const isMine = specOf(this.#lease).holderIdentity === identity;
    if (this.#isLeader && !isMine) this.#options.onReread?.();
    const lease = isMine && this.#isLeader ? this.#lease : await client.get(LEASES, { namespace, name }, { signal });
    if (lease === undefined) {
      this.#see(await client.create(LEASES, { ...this.#empty(), spec: this.#ownSpec({}) }, { signal }));
      return true;
    }
    this.#see(lease);
    const { holderIdentity = '', leaseDurationSeconds = 0 } = specOf(lease);
    const isFree = holderIdentity === '' || clock.monotonicMs() >= this.#seenAtMs + leaseDurationSeconds * 1000;
    if (holderIdentity !== identity && !isFree) return false;
    this.#see(await client.replace(LEASES, { ...lease, spec: this.#ownSpec(specOf(lease)) }, { signal }));
    return true;
  }

  #empty(): Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'> {
    const { namespace, name } = this.#options;
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name } };
  }

  #ownSpec(before: LeaseSpec): LeaseSpec {
    const { clock, identity, leaseDurationMs } = this.#options;
    const renewTime = toMicroTime(clock.nowMs());
    const isMine = before.holderIdentity === identity;
    const transitions = before.leaseTransitions ?? 0;
    return {
      ...before,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: isMine ? (before.acquireTime ?? renewTime) : renewTime,
      renewTime,
      leaseTransitions: isMine || before.holderIdentity === undefined ? transitions : transitions + 1,
    };
  }

  /** How old a lease is, is measured by our own clock from when it last looked different. */
  #see(lease: KubeObject): void {
    this.#lease = lease;
    if (lease.metadata.resourceVersion === this.#seenVersion) return;
    this.#seenVersion = lease.metadata.resourceVersion;
    this.#seenAtMs = this.#options.clock.monotonicMs();
  }

  /** Leads until the renew deadline after the start of the request that succeeded. */
  #hold(startedMs: number): void {
    const { clock, renewDeadlineMs } = this.#options;
    this.#cancelExpiry?.();
    this.#cancelExpiry = clock.schedule(startedMs + renewDeadlineMs - clock.monotonicMs(), () => this.#step(false));
    this.#step(true);
  }

  #step(isLeader: boolean): void {
    if (!isLeader) this.#cancelExpiry?.();
    if (isLeader === this.#isLeader) return;
    this.#isLeader = isLeader;
    const { log, identity, name, onChange } = this.#options;
    log.info({ lease: name, identity }, isLeader ? 'this replica leads' : 'this replica no longer leads');
    onChange?.(isLeader);
  }

  /** An API server that is away must not hold up the end of the process. */
  async #release(): Promise<void> {
    const { clock, log, name } = this.#options;
    try {
      const deadline = { clock, timeoutMs: RELEASE_WITHIN_MS, signal: undefined, toError: () => toTimeout(RELEASE_WITHIN_MS) };
      await withDeadline(deadline, (signal) => this.#giveBack(signal));
    } catch (error) {
      if (!isConflict(error)) log.warn({ error, lease: name }, 'the lease could not be released, it runs out by itself');
    }
  }

  async #giveBack(signal: AbortSignal): Promise<void> {
    const { client, clock, namespace, name, identity } = this.#options;
    const lease = await client.get(LEASES, { namespace, name }, { signal });
    if (lease === undefined || specOf(lease).holderIdentity !== identity) return;
    const now = toMicroTime(clock.nowMs());
    const spec = { ...specOf(lease), holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    await client.replace(LEASES, { ...lease, spec }, { signal });
  }
}

function toTimeout(timeoutMs: number): KubeError {
  return new KubeError(`no answer within ${timeoutMs / 1000} s`, { status: 0, reason: 'Timeout' });
}

function specOf(lease: KubeObject | undefined): LeaseSpec {
  return lease?.['spec'] ?? {};
}

/** With the six digits that MicroTime insists on. */
function toMicroTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
