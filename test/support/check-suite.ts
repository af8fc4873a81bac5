// Trying the credentials of a type by one documented call: which call, and what each answer comes to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome, Reason } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type ProviderDefinition } from '../../internal/sdk/provider.ts';
import { createBench, toRenderInput } from './provider-run.ts';

export interface CheckedType {
  readonly definition: ProviderDefinition;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, string>>;
  /** The one call, as method and address. */
  readonly call: string;
  readonly answers: readonly {
    readonly name: string;
    readonly answer: HttpResponse;
    readonly kind: Outcome['kind'];
    readonly reason?: Reason;
    /** The note or the message. */
    readonly says: RegExp;
  }[];
  /** Specs that cannot be tried without posting. */
  readonly untried?: readonly Readonly<Record<string, unknown>>[];
  /** Specs and Secrets that can never work. */
  readonly faults?: readonly { readonly spec: Readonly<Record<string, unknown>>; readonly secret: Readonly<Record<string, string>> }[];
}

/** Registers the tests of a type. */
export function testCheck({ definition, spec, secret, call, answers, untried = [], faults = [] }: CheckedType): void {
  const configOf = (changes: Partial<Pick<CheckedType, 'spec' | 'secret'>> = {}) =>
    toRenderInput({ spec: changes.spec ?? spec, secret: changes.secret ?? secret, event: exampleEvent() }).config;

  for (const { name, answer, kind, reason, says } of answers) {
    test(`${definition.type} check: ${name}`, async () => {
      const bench = createBench(() => answer);

      const outcome = await definition.check?.(bench.context, configOf());

      assert.partialDeepStrictEqual({ ...outcome }, reason === undefined ? { kind } : { kind, reason });
      assert.match(outcome?.kind === 'delivered' ? (outcome.note ?? '') : (outcome?.message ?? ''), says);
      assert.deepEqual(
        bench.requests.map(({ method, url }) => `${method} ${url}`),
        [call],
      );
      for (const value of Object.values(secret)) assert.ok(!JSON.stringify(outcome).includes(value), 'no secret is shown');
    });
  }

  for (const other of untried) {
    test(`${definition.type} check: ${JSON.stringify(other)} cannot be tried without posting`, async () => {
      const bench = createBench(() => assert.fail('nothing is asked'));

      assert.equal(await definition.check?.(bench.context, configOf({ spec: other })), undefined);
    });
  }

  for (const fault of faults) {
    test(`${definition.type} check: ${JSON.stringify(fault.spec)} with ${Object.keys(fault.secret).join(' and ') || 'nothing'} can never work`, async () => {
      const bench = createBench(() => assert.fail('nothing is asked'));

      await assert.rejects(async () => await definition.check?.(bench.context, configOf(fault)), ConfigFault);
    });
  }
}
