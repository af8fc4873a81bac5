// What every forge's statuses must come to, whatever happens on the way: a model against an emulated forge.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { type HttpRequest, type HttpResponse, TransportError } from '../../internal/sdk/http.ts';
import type { Recollection, RenderInput, SendContext } from '../../internal/sdk/provider.ts';
import type { Fact, Outcome } from '../../internal/sdk/outcome.ts';
import { createBench } from './provider-run.ts';

export const SHA = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';
const HOUR_MS = 3_600_000;
const RUNS = 60;

export interface StatusItem {
  readonly id: number;
  readonly context: string;
  readonly state: string;
  readonly description: string;
}

/** The statuses of one commit; a forge never forgets one, and the newest of a context is what people see. */
export class StatusTable {
  readonly items: StatusItem[] = [];

  write(status: Omit<StatusItem, 'id'>): void {
    this.items.push({ ...status, id: this.items.length + 1 });
  }

  newest(context: string): StatusItem | undefined {
    return this.items.findLast((item) => item.context === context);
  }

  /** The newest of each context, newest first. */
  latest(): readonly StatusItem[] {
    return this.items.toReversed().filter((item) => this.newest(item.context) === item);
  }
}

/** Part of a list, and the header by which a forge says that there is more. */
export function page<Item>(items: readonly Item[], { size, page: number }: { size: number; page: number }) {
  const hasNext = items.length > size * number;
  const headers: Record<string, string> = hasNext ? { link: `<https://forge.example.com/?page=${number + 1}>; rel="next"` } : {};
  return { items: items.slice(size * (number - 1), size * number), headers };
}

export interface ModelledForge {
  readonly name: string;
  readonly send: (context: SendContext, input: RenderInput) => Promise<Outcome>;
  readonly input: (changes: { statusId: string; event: ReturnType<typeof exampleEvent> }) => RenderInput;
  /** Answers as the vendor documents it. */
  readonly answer: (request: HttpRequest, table: StatusTable) => HttpResponse;
  /** How the forge calls a context, where that is not by its name. */
  readonly contextOf?: (statusId: string) => string;
  readonly states: { readonly success: string; readonly failure: string };
}

interface Step {
  readonly kind: 'verdict' | 'wait' | 'foreign';
  readonly context: number;
  readonly isGood: boolean;
  /** The status is written, but its answer never arrives. */
  readonly isLost: boolean;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('verdict' as const, 'verdict' as const, 'verdict' as const, 'wait' as const, 'foreign' as const),
  context: fc.nat({ max: 3 }),
  isGood: fc.boolean(),
  isLost: fc.boolean(),
});

/** Random verdicts, lost answers, passing hours and other writers end with the forge showing the last verdict of every context, written once. */
export function testStatusModel(forge: ModelledForge): void {
  test(`${forge.name}: the forge shows the last verdict of every context, and no status is written twice`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
        const model = new Model(forge);
        for (const step of steps) await model.run(step);
      }),
      { numRuns: RUNS },
    );
  });
}

class Model {
  readonly #forge: ModelledForge;
  readonly #table = new StatusTable();
  readonly #memory = new Map<string, { value: string | undefined; atMs: number }>();
  readonly #settledAtMs = new Map<string, number>();
  #nowMs = 0;
  #calls = 0;
  #isLosing = false;

  constructor(forge: ModelledForge) {
    this.#forge = forge;
    // More contexts of others than fit on a page.
    for (let i = 0; i < 120; i += 1) this.#table.write({ context: `ci/${i}`, state: forge.states.success, description: 'passed' });
  }

  async run(step: Step): Promise<void> {
    const statusId = `kustomization/app-${step.context}/0c9c2e41`;
    const context = this.#forge.contextOf?.(statusId) ?? statusId;
    if (step.kind !== 'verdict') {
      if (step.kind === 'foreign') this.#table.write({ context, ...this.#status(step) });
      // What is remembered is trusted for an hour, so only what happened before it can be known.
      this.#nowMs += 2 * HOUR_MS;
      return;
    }
    const wanted = this.#status(step);
    const shown = this.#table.newest(context);
    const isThere = shown?.state === wanted.state && shown.description === wanted.description;
    const isKnown = this.#settledAtMs.get(statusId) === this.#nowMs;
    const before = { items: this.#table.items.length, calls: this.#calls };

    await this.#deliver(statusId, step);

    const after = this.#table.newest(context);
    assert.deepEqual({ state: after?.state, description: after?.description }, wanted);
    assert.equal(this.#table.items.length - before.items, isThere ? 0 : 1);
    if (isThere && isKnown) assert.equal(this.#calls, before.calls, 'known and equal: no call');
    this.#settledAtMs.set(statusId, this.#nowMs);
  }

  async #deliver(statusId: string, step: Step): Promise<void> {
    this.#isLosing = step.isLost;
    try {
      this.#settle(await this.#send(statusId, step));
    } catch (error) {
      assert.ok(error instanceof TransportError, String(error));
      for (const [key, fact] of this.#memory) if (key.startsWith(`${statusId}\n`)) this.#memory.set(key, { ...fact, value: undefined });
      this.#memory.set(`${statusId}\nstatus`, { value: undefined, atMs: this.#nowMs });
      this.#settle(await this.#send(statusId, step));
    }
  }

  async #send(statusId: string, { isGood }: Step): Promise<Outcome> {
    const bench = createBench((request) => this.#answer(request), statusId);
    const event = exampleEvent(isGood ? {} : { severity: 'error', reason: 'HealthCheckFailed' });
    const context = { ...bench.context, memory: { get: async (scope: string, key: string) => this.#recall(scope, key) } };
    return await this.#forge.send(context, this.#forge.input({ statusId, event }));
  }

  #answer(request: HttpRequest): HttpResponse {
    this.#calls += 1;
    const answer = this.#forge.answer(request, this.#table);
    if (request.method !== 'POST' || !this.#isLosing) return answer;
    this.#isLosing = false;
    throw new TransportError('network', 'connection reset');
  }

  #settle(outcome: Outcome): void {
    assert.equal(outcome.kind, 'delivered', JSON.stringify(outcome));
    const facts: readonly Fact[] = outcome.kind === 'delivered' ? (outcome.remember ?? []) : [];
    for (const { scope, key, value } of facts) this.#memory.set(`${scope}\n${key}`, { value, atMs: this.#nowMs });
  }

  #recall(scope: string, key: string): Recollection | undefined {
    const fact = this.#memory.get(`${scope}\n${key}`);
    if (fact === undefined) return undefined;
    return fact.value === undefined ? { known: false } : { known: true, value: fact.value, ageMs: this.#nowMs - fact.atMs };
  }

  #status({ isGood }: Step): { state: string; description: string } {
    const { success, failure } = this.#forge.states;
    return isGood ? { state: success, description: 'reconciliation succeeded' } : { state: failure, description: 'health check failed' };
  }
}
