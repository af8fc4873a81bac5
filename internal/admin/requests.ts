// What the admin API is asked: parameters and bodies, strict, so that a mistyped name is an error and never a wider question.
import { z } from 'zod';
import { DELIVERY_STATES, EVENT_VERDICTS } from '../outbox/store.ts';
import { REASONS } from '../sdk/outcome.ts';

/** Rows of one answer, and deliveries of one step of a replay or cancel, at most. */
export const MAX_PAGE = 500;
const MAX_ID_CHARS = 100;
const MAX_NAME_CHARS = 500;

const Id = z.string().min(1).max(MAX_ID_CHARS);
const Name = z.string().min(1).max(MAX_NAME_CHARS);

const subject = {
  kind: Name.optional().describe('Kind of the object that the event is about.'),
  namespace: Name.optional().describe('Namespace of that object.'),
  name: Name.optional().describe('Name of that object.'),
};

const place = {
  target: Name.optional().describe('Key of the Target: dialect/tenant/namespace/name, such as flux//apps/slack.'),
  route: Name.optional().describe('Key of the Route: dialect/tenant/namespace/name.'),
  event: Id.optional().describe('Id of the event.'),
};

const why = { reason: z.enum(REASONS).optional().describe('Why it ended, or why it waits.') };

/** In a query; written out so that the description of the API knows both words. */
const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const State = z.enum(DELIVERY_STATES);

/** Numbers arrive as text in a query and as numbers in a body. */
function ages<T extends z.ZodType>(milliseconds: T) {
  return {
    olderThanMs: milliseconds.optional().describe('Accepted longer ago than this.'),
    youngerThanMs: milliseconds.optional().describe('Accepted within this time.'),
  };
}

function page<T extends z.ZodType>(limit: T) {
  return {
    limit: limit.describe('Rows of the page at most.'),
    after: Id.optional().describe('Id of the last row of the page before.'),
  };
}

const milliseconds = z.coerce.number().min(0);
const queryAges = ages(milliseconds);
const queryPage = page(z.coerce.number().int().min(1).max(MAX_PAGE).default(50));
const bodyPage = page(z.number().int().min(1).max(MAX_PAGE).default(MAX_PAGE));

const order = z.enum(['newest', 'oldest']).default('newest').describe('Which comes first, by acceptance.');

export const NoQuery = z.strictObject({});

/** Read as the event port reads it, so nothing is refused here that is taken there. */
export const EventBody = z.looseObject({}).describe('An event, as the event port takes it.');

export const DeliveryQuery = z.strictObject({
  ...queryPage,
  ...subject,
  ...place,
  ...why,
  ...queryAges,
  id: z.array(Id).max(MAX_PAGE).optional().describe('Only these deliveries.'),
  state: z.array(State).optional().describe('Only in one of these states.'),
  order,
  changedWithinMs: milliseconds.optional().describe('Ended, replayed or cancelled within this time.'),
  history: Flag.default(true).describe('false leaves the attempts and decisions out.'),
});

export const EventQuery = z.strictObject({
  ...queryPage,
  ...subject,
  ...queryAges,
  reason: Name.optional().describe("The sender's reason, exactly."),
  severity: Name.optional().describe("The sender's severity, exactly."),
  verdict: z.enum(EVENT_VERDICTS).optional().describe('What some Route said of it; unmatched: it is decided and no Route took it.'),
  order,
  pending: Flag.optional().describe('Whether some verdict is not known yet.'),
});

const bodyAges = ages(z.number().min(0));

/** Which deliveries a step is about; it has to name some place, so that nobody replays everything by mistake. */
function selection<T extends z.ZodType>(states: T) {
  return z
    .strictObject({ ...subject, ...place, ...why, ...bodyAges, states })
    .refine(
      (given) => [given.target, given.route, given.event, given.kind, given.namespace, given.name].some((name) => name !== undefined),
      {
        message: 'name a target, route, event or object',
      },
    )
    .describe('All deliveries that match, oldest first, one page per request.');
}

const decision = {
  ids: z.array(Id).min(1).max(MAX_PAGE).optional().describe('These deliveries; either ids or select is given.'),
  ...bodyPage,
  dryRun: z.boolean().default(false).describe('Only say what would happen.'),
  by: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters')
    .describe('Who decides this; it is kept with each delivery.'),
};

function isOneOf({ ids, select }: { readonly ids?: unknown; readonly select?: unknown }): boolean {
  return (ids === undefined) !== (select === undefined);
}

const ONE_OF = { message: 'give either ids or select' };

const ENDED = ['dead', 'cancelled', 'superseded', 'delivered'] as const satisfies readonly (typeof DELIVERY_STATES)[number][];
const LIVE = ['waiting', 'leased'] as const satisfies readonly (typeof DELIVERY_STATES)[number][];

export const ReplayBody = z
  .strictObject({
    ...decision,
    select: selection(z.array(z.enum(ENDED)).min(1).default(['dead'])).optional(),
    force: z.boolean().default(false).describe('Send a status or comment again although a newer one is known.'),
  })
  .refine(isOneOf, ONE_OF);

export const CancelBody = z
  .strictObject({
    ...decision,
    select: selection(
      z
        .array(z.enum(LIVE))
        .min(1)
        .default([...LIVE]),
    ).optional(),
  })
  .refine(isOneOf, ONE_OF);
