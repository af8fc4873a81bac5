// Running a type on one of its examples: what it asked for, and what it made of the answers.
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import { TransportError } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ProviderDefinition, ProviderExample, RenderInput } from '../../internal/sdk/provider.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';
import { createBench, NOW_MS, toRenderInput } from '../support/provider-run.ts';

export const STATUS_ID = 'kustomization/webapp/0c9c2e41';

export interface Ran {
  readonly requests: readonly HttpRequest[];
  /** undefined when the provider leaves the answer to its status; an error when it threw. */
  readonly outcome: Outcome | Error | undefined;
}

/** One try; never rejects. */
export async function run(definition: ProviderDefinition, input: RenderInput, answer: () => HttpResponse): Promise<Ran> {
  const bench = createBench(async () => answer());
  try {
    if (definition.send !== undefined) return { outcome: await definition.send(bench.context, input), requests: bench.requests };
    return readAnswers(definition, definition.render?.(input) ?? [], answer);
  } catch (error) {
    if (error instanceof Error) return { outcome: error, requests: bench.requests };
    throw error;
  }
}

function readAnswers(definition: ProviderDefinition, requests: readonly HttpRequest[], answer: () => HttpResponse): Ran {
  const outcomes = requests.map((request) => {
    const response = answer();
    return definition.interpret?.(response, request) ?? outcomeOfStatus(response, NOW_MS);
  });
  return { requests, outcome: outcomes.find((outcome) => outcome.kind !== 'delivered') ?? outcomes[0] };
}

/** The input that an example makes. */
export function toInput(example: ProviderExample, statusId = STATUS_ID): RenderInput {
  const { spec, secret, event } = example;
  return toRenderInput({ spec, ...(secret === undefined ? {} : { secret }), event, statusId });
}

/** A session is cut off where it is opened, so that much may go wrong with it here. */
export function isFailure({ capabilities }: ProviderDefinition, outcome: Ran['outcome']): boolean {
  return outcome instanceof Error && !(capabilities.transport === 'session' && outcome instanceof TransportError);
}
