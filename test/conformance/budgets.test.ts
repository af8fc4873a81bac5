// No message is longer than its vendor takes, whatever it is made of: each type's declared limits are held against texts of
// 3 MiB, thousands of keys, and everything at its longest at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { catalog } from '../../internal/catalog/catalog.ts';
import type { FluxEvent } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import type { ProviderDefinition, ProviderExample } from '../../internal/sdk/provider.ts';
import { toResponse } from '../support/provider-run.ts';
import { LONG_TEXTS, longestEvent, ODD_METADATA } from './hostile.ts';
import { isFailure, run, toInput } from './run-provider.ts';

/** Beside the text a message holds names and metadata; no vendor takes more than this for a message to people. */
const MAX_CHAT_BODY_BYTES = 1024 * 1024;
const EARLIER_MESSAGES = 3;

for (const type of catalog.types) {
  const definition = catalog.get(type);
  const example = definition?.examples[0];
  if (definition === undefined || example === undefined) continue;

  for (const { name, text } of LONG_TEXTS) {
    test(`${type}: a text of 3 MiB is within the vendor's budget: ${name}`, async () => {
      const event = exampleEvent({ message: text, reason: text.slice(0, 100_000), reportingController: text.slice(0, 100_000) });

      await checkBudgets(definition, example, event);
    });
  }

  for (const { name, event } of ODD_METADATA) {
    test(`${type}: metadata with ${name}`, async () => {
      await checkBudgets(definition, example, event);
    });
  }

  // Where a vendor has no limit, nothing is cut, and a larger event is only a larger request.
  const { bodyBytes, bodyChars } = definition.capabilities.limits ?? {};
  if (bodyBytes === undefined && bodyChars === undefined) continue;
  for (const severity of ['error', 'info', 'warning']) {
    test(`${type}: the longest event of severity ${severity} is within the vendor's budget`, async () => {
      await checkBudgets(definition, example, longestEvent(severity));
    });
  }
}

async function checkBudgets(definition: ProviderDefinition, example: ProviderExample, event: FluxEvent): Promise<void> {
  const input = { ...toInput({ ...example, event }), precededBy: EARLIER_MESSAGES };

  const { requests, outcome } = await run(definition, input, () => toResponse(200, []));

  assert.ok(!isFailure(definition, outcome), inspect(outcome));
  for (const request of requests) checkBudget(definition, request);
}

function checkBudget(definition: ProviderDefinition, request: HttpRequest): void {
  const { limits = {} } = definition.capabilities;
  const body = typeof request.body === 'string' ? request.body : '';
  assert.ok(body.isWellFormed(), 'no character is torn apart');
  if (limits.bodyBytes !== undefined) assert.ok(Buffer.byteLength(body) <= limits.bodyBytes);
  if (limits.bodyChars === undefined || body === '') return;
  assert.ok(Buffer.byteLength(body) <= MAX_CHAT_BODY_BYTES, `${Buffer.byteLength(body)} bytes`);
  const longest = Math.max(...textsOf(request, body).map((text) => text.length));
  assert.ok(longest <= Math.max(limits.bodyChars, limits.titleChars ?? 0), `${longest} characters`);
}

/** What stands in a body, as the vendor reads it. */
function textsOf({ headers }: HttpRequest, body: string): readonly string[] {
  const isForm = headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value === 'application/x-www-form-urlencoded');
  return isForm ? [...new URLSearchParams(body).values()] : stringsOf(JSON.parse(body));
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
