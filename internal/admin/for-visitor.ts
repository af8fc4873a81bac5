// What a visitor of the admin API is answered: the same as everybody, about less.
import type { Event } from '../event/event.ts';
import type { AdminOptions } from './admin-server.ts';
import type { InspectionOptions, Submitted } from './inspection-routes.ts';
import { Problem } from './problem.ts';
import { filterBy, namespaceOf, seenBy, visibleVerdicts } from './tenant-outbox.ts';
import type { Visitor } from './visitor.ts';

/** The options of an admin API for one visitor. */
export function forVisitor(options: AdminOptions, visitor: Visitor): AdminOptions {
  const { inspection } = options;
  const outbox = seenBy(options.outbox, visitor);
  return {
    ...options,
    outbox,
    explain: async (stored) => {
      const { verdicts, revision } = await options.explain(stored);
      return { verdicts: await visibleVerdicts(verdicts, visitor), revision };
    },
    // `Kind/namespace/name`; what concerns the whole cluster is not for everybody.
    faults: async () => filterBy(await options.faults(), async ({ object }) => maySeeFault(object, visitor)),
    ...(inspection === undefined ? {} : { inspection: { ...inspectionFor(inspection, visitor), outbox } }),
  };
}

async function maySeeFault(object: string, visitor: Visitor): Promise<boolean> {
  const [, namespace, name] = object.split('/');
  return namespace !== undefined && name !== undefined && visitor.may('get', namespace);
}

function inspectionFor(inspection: InspectionOptions, visitor: Visitor): InspectionOptions {
  const mayGet = (key: string): Promise<boolean> => visitor.may('get', namespaceOf(key));
  return {
    ...inspection,
    explainEvent: async (event) => {
      const explained = await inspection.explainEvent(event);
      return explained === null ? null : { ...explained, verdicts: await visibleVerdicts(explained.verdicts, visitor) };
    },
    targets: async () => filterBy(await inspection.targets(), ({ key }) => mayGet(key)),
    check: async (target) => {
      await requireSend(visitor, target.ref.namespace);
      return inspection.check(target);
    },
    submit: (event) => submitFor(inspection, visitor, event),
  };
}

/** An event reaches every Alert that takes it, so it takes the right to send of each of them. */
async function submitFor(inspection: InspectionOptions, visitor: Visitor, event: Event): Promise<Submitted> {
  if (!(await visitor.may('send'))) {
    const explained = await inspection.explainEvent(event);
    if (explained === null) throw new Problem('store', 'no configuration is loaded yet');
    const reached = explained.verdicts.filter(({ kind }) => kind !== 'dropped').map(({ route }) => route.namespace);
    for (const namespace of new Set([event.subject.namespace, ...reached])) await requireSend(visitor, namespace);
  }
  return inspection.submit(event);
}

async function requireSend(visitor: Visitor, namespace: string): Promise<void> {
  if (await visitor.may('send', namespace)) return;
  throw new Problem('forbidden', `this takes the verb "send" on alerts of namespace ${namespace}, or of all`);
}
