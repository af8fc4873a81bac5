// A fleet that reports on commits, from the event to the forge: decided, stored in SQLite, delivered by the engine. Only the forge
// is emulated, and only time is moved by hand.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryEngine } from '../../internal/deliver/engine.ts';
import { newId } from '../../internal/event/id.ts';
import type { Event } from '../../internal/event/event.ts';
import { catalog } from '../../internal/catalog/catalog.ts';
import { openSqliteOutbox } from '../../internal/outbox/sqlite/outbox.ts';
import type { Outbox } from '../../internal/outbox/store.ts';
import { decide } from '../../internal/routing/decide.ts';
import type { Route, Target } from '../../internal/routing/route.ts';
import { emptySnapshot, nextSnapshot } from '../../internal/routing/snapshot.ts';
import { type HttpRequest, type HttpResponse, TransportError } from '../../internal/sdk/http.ts';
import { ManualClock } from './clock.ts';
import type { WorldForge } from './commit-forges.ts';
import { toResolved } from './deliveries.ts';
import { createHarness } from './engine.ts';
import { startInline } from './inline-writer.ts';
import { toLabels, toMetadata, toRef, toTestEvent, toTestRoute, toTestTarget } from './routing.ts';
import { StatusTable } from './status-forge.ts';
import { settleDown } from './until.ts';

const GROUP = 'kustomize.toolkit.fluxcd.io';
const STEP_MS = 2_000;
const MAX_STEPS = 200;
/** Enough to read a commit and to write its status. */
const SENDING_TURNS = 40;

/** What an object reports. */
export interface Report {
  readonly object: string;
  readonly sha: string;
  readonly reason?: string;
  readonly severity?: string;
  readonly message?: string;
  /** When it happened; the present moment when absent. */
  readonly atMs?: number;
}

/** A world; close it at the end. */
export class CommitWorld {
  readonly clock = new ManualClock();
  readonly requests: HttpRequest[] = [];
  /** The next so many writes arrive, but their answers do not. */
  lost = 0;
  /** Writes arrive, but nobody lives to hear their answers. */
  isSilent = false;
  /** Where statuses link to. */
  link: string | undefined;
  readonly #forge: WorldForge;
  readonly #folder: string;
  readonly #target: Target;
  readonly #route: Route;
  readonly #tables = new Map<string, StatusTable>();
  #outbox: Outbox | undefined;
  #engine: DeliveryEngine | undefined;

  private constructor(forge: WorldForge, folder: string, annotations: Readonly<Record<string, string>>) {
    this.#forge = forge;
    this.#folder = folder;
    const { type, address } = forge;
    const definition = catalog.get(type) ?? null;
    this.#target = toTestTarget('provider', { type, definition, annotations, spec: { type, address } });
    this.#route = toTestRoute('fleet', { targetKey: this.#target.key });
  }

  static async open(forge: WorldForge, annotations: Readonly<Record<string, string>>): Promise<CommitWorld> {
    const world = new CommitWorld(forge, await mkdtemp(join(tmpdir(), 'tocsin-commits-')), annotations);
    await world.#start();
    return world;
  }

  async close(): Promise<void> {
    await this.#stop();
    await rm(this.#folder, { recursive: true });
  }

  /** As a restart of the program does; what waits stays. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  /** As a program that is killed while it writes: whatever was sent stays sent, and nothing of it is remembered. */
  async crash(): Promise<void> {
    this.isSilent = true;
    this.clock.advance(STEP_MS);
    await settleDown(SENDING_TURNS);
    await this.#outbox?.close();
    this.isSilent = false;
    await this.#start();
  }

  /** The statuses of a commit. */
  tableOf(sha: string): StatusTable {
    const table = this.#tables.get(sha) ?? new StatusTable();
    this.#tables.set(sha, table);
    return table;
  }

  /** `state: description` of a context with the state in English, or undefined. */
  shown(sha: string, statusId: string): string | undefined {
    const status = this.tableOf(sha).newest(this.#forge.contextOf(statusId));
    const state = Object.entries(this.#forge.states).find(([, word]) => word === status?.state)?.[0];
    return status && `${state}: ${status.description}`;
  }

  /** Stores an event as intake does. */
  async report(report: Report): Promise<void> {
    const event = this.#toEvent(report);
    const changes = { upsertRoutes: [this.#route], removeRoutes: [], upsertTargets: [this.#target], removeTargets: [] };
    const snapshot = nextSnapshot(emptySnapshot(), changes);
    const { verdicts, deliveries, revision } = decide(event, snapshot, { labels: toLabels(), noCrossNamespaceRefs: false });
    if (deliveries.length === 0) throw new Error(`nothing is owed: ${JSON.stringify(verdicts)}`);
    await this.#outbox?.append([{ event, verdicts, deliveries, revision }]);
  }

  /** Lets time pass until nothing waits. */
  async deliver(): Promise<void> {
    for (let step = 0; step < MAX_STEPS; step += 1) {
      await settleDown();
      const states = (await this.#outbox?.stats())?.states;
      if (states?.dead !== 0) throw new Error('a status is a dead letter');
      if (states.waiting + states.leased === 0) return;
      this.clock.advance(STEP_MS);
    }
    throw new Error('some status was never delivered');
  }

  #toEvent({
    object,
    sha,
    reason = 'ReconciliationSucceeded',
    severity = 'info',
    message = 'm',
    atMs = this.clock.nowMs(),
  }: Report): Event {
    const metadata = toMetadata({ [`${GROUP}/revision`]: `main@sha1:${sha}`, [`${GROUP}/commit_status`]: 'update' });
    const event = toTestEvent({ subject: { name: object }, flux: { reason, severity, message, metadata } });
    return { ...event, id: newId(this.clock.nowMs()), occurredAtMs: atMs, body: JSON.stringify(event.flux) };
  }

  async #start(): Promise<void> {
    const outbox = await openSqliteOutbox({
      path: join(this.#folder, 'store.db'),
      project: (_dialect, body) => JSON.parse(body) as Event['flux'],
      clock: this.clock,
      random: () => 0.5,
      reserveBytes: 0,
      startWriter: startInline,
    });
    const { address, token } = this.#forge;
    const { engine } = createHarness({
      outbox,
      clock: this.clock,
      targets: [this.#target],
      resolve: async () => toResolved({ address, token, annotations: this.#target.annotations }),
      targetUrlFor: () => this.link,
      script: (request) => this.#answer(request),
    });
    engine.start();
    this.#outbox = outbox;
    this.#engine = engine;
  }

  async #stop(): Promise<void> {
    await this.#engine?.drain(0);
    await this.#outbox?.close();
  }

  #answer(request: HttpRequest): HttpResponse | Promise<HttpResponse> {
    this.requests.push(request);
    const answer = this.#forge.answer(request, (sha) => this.tableOf(sha));
    if (request.method === 'POST' && this.isSilent) return new Promise(() => undefined);
    if (request.method === 'GET' || this.lost === 0) return answer;
    this.lost -= 1;
    throw new TransportError('network', 'connection reset');
  }
}

/** The Provider's part of the contexts of a world. */
export const TARGET_UID = toRef('foo-ns', 'provider').uid;
