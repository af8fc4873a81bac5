// A delivery engine on fakes of its ports, with everything that it says recorded.
import { createDeliveryEngine, type DeliveryEngine, type DeliveryEngineOptions } from '../../internal/deliver/engine.ts';
import type { Target } from '../../internal/routing/route.ts';
import type { DeliveryMetrics } from '../../internal/sdk/metrics.ts';
import { ManualClock } from './clock.ts';
import { toDefinition, toResolved, toTarget } from './deliveries.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { createRedactor } from './plain-redactor.ts';
import { createRecordingLog, type RecordingLog } from './recording-log.ts';
import { createScriptedTransport, type Script, toAnswer } from './scripted-transport.ts';

export interface Harness {
  readonly engine: DeliveryEngine;
  readonly outbox: MemoryOutbox;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  readonly transport: ReturnType<typeof createScriptedTransport>;
  /** `stage reason` per notice. */
  readonly notices: string[];
  /** `type outcome reason` per attempt, `type state` per end. */
  readonly counted: string[];
}

export interface HarnessOptions extends Partial<DeliveryEngineOptions> {
  readonly script?: Script;
  readonly targets?: readonly Target[];
}

/** Builds the engine without starting it; every option of the engine can be replaced. */
export function createHarness({ script = () => toAnswer(204), targets, ...options }: HarnessOptions = {}): Harness {
  const outbox = new MemoryOutbox();
  const clock = new ManualClock();
  const log = createRecordingLog();
  const transport = createScriptedTransport(script);
  const notices: string[] = [];
  const counted: string[] = [];
  const known = new Map((targets ?? [toTarget(toDefinition())]).map((target) => [target.key, target]));
  const engine = createDeliveryEngine({
    outbox,
    findTarget: (key) => known.get(key),
    resolve: async () => toResolved(),
    transport,
    redactor: createRedactor(),
    tokens: async (_key, acquire) => (await acquire()).value,
    statusIdFor: () => 'status/id',
    clock,
    random: () => 0.5,
    owner: 'test',
    log,
    metrics: createCounter(counted),
    onFailure: (_lease, outcome, stage) => notices.push(`${stage} ${outcome.kind === 'delivered' ? '' : outcome.reason}`),
    ...options,
  });
  return { engine, outbox, clock, log, transport, notices, counted };
}

function createCounter(counted: string[]): DeliveryMetrics {
  return {
    attempted: ({ type, outcome, reason }) => counted.push(`${type} ${outcome} ${reason}`.trim()),
    ended: ({ type, state }) => counted.push(`${type} ${state}`),
    breaker: (type, change) => counted.push(`${type} breaker ${change}`),
  };
}
