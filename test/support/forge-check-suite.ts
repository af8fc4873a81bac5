// What trying the credentials of any forge promises: nothing is written, and whatever is wrong is said in a sentence that a
// person can act on. Each forge tells how its vendor answers in each situation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome, Reason } from '../../internal/sdk/outcome.ts';
import type { ProviderDefinition } from '../../internal/sdk/provider.ts';
import { createBench, toRenderInput } from './provider-run.ts';

/** How the forge answers a request; undefined for one that no vendor documents. */
export type ForgeAnswer = (request: HttpRequest) => HttpResponse | undefined;

interface Situation {
  readonly name: string;
  readonly answer: ForgeAnswer;
  readonly want: {
    readonly kind: Outcome['kind'];
    readonly reason?: Reason;
    readonly note?: RegExp;
    readonly message?: RegExp;
  };
}

export interface CheckedForge {
  readonly definition: ProviderDefinition;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, string>>;
  readonly situations: readonly Situation[];
}

export const CAN_WRITE = (written: string, name: string) => ({
  kind: 'delivered' as const,
  note: new RegExp(`^the token can write ${written} on ${name}$`),
});
/** Works, but only writing shows the rest. */
export const IN_DOUBT = (name: string, doubt: RegExp) => ({
  kind: 'delivered' as const,
  note: new RegExp(`^the token can read ${name}; .*${doubt.source}.* shows with the first one$`),
});
export const LACKS = (written: string, name: string, what: RegExp) => ({
  kind: 'deferred' as const,
  reason: 'auth' as const,
  message: new RegExp(`^the token can read but not write ${written} on ${name}: .*${what.source}`),
});
export const ARCHIVED = (name: string) => ({ kind: 'rejected' as const, message: new RegExp(`^${name} is archived, so that no `) });
export const RENAMED = (name: string, place: string) => ({
  kind: 'rejected' as const,
  message: new RegExp(`^${name} was renamed or moved to ${place}: write the new address into the Provider`),
});
export const MISSING = (name: string) => ({
  kind: 'retry' as const,
  reason: 'not-found' as const,
  message: new RegExp(`^there is no ${name}, or the token may not see it`),
});
export const EXPIRED = {
  kind: 'deferred',
  reason: 'auth',
  message: /does not accept the token, which is mistyped, has expired or was revoked/,
} as const;
export const LIMITED = { kind: 'deferred', reason: 'rate-limited' } as const;

/** Registers the tests of a type. */
export function testForgeCheck({ definition, spec, secret, situations }: CheckedForge): void {
  for (const { name, answer, want } of situations) {
    test(`${definition.type} check: ${name}`, async () => {
      const bench = createBench((request) => answer(request) ?? assert.fail(`nobody documents ${request.method} ${request.url}`));
      const { config } = toRenderInput({ spec, secret, event: exampleEvent() });

      const outcome = await definition.check?.(bench.context, config);

      const { note, message, ...plain } = want;
      assert.partialDeepStrictEqual({ ...outcome }, plain);
      if (note !== undefined) assert.match(outcome?.kind === 'delivered' ? (outcome.note ?? '') : '', note);
      if (message !== undefined) assert.match(outcome !== undefined && outcome.kind !== 'delivered' ? outcome.message : '', message);
      assert.ok(bench.requests.length > 0 && bench.requests.every(({ method }) => method === 'GET' || method === 'POST'));
      for (const value of Object.values(secret)) assert.ok(!JSON.stringify(outcome).includes(value), 'no secret is shown');
    });
  }
}
