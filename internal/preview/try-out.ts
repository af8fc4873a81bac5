// Whether a configuration could send anything at all: the type makes up the requests of its own example with it, and nobody is asked.
import type { Target } from '../routing/route.ts';
import { toExampleInput } from '../sdk/example-input.ts';
import { ConfigFault, type ProviderDefinition, type ResolvedConfig } from '../sdk/provider.ts';
import type { PreviewTools } from './preview.ts';
import { recordRequests } from './recorder.ts';

/** What the type refuses of the configuration, in its own words; undefined when it refuses nothing. */
export async function findRefusal(
  target: Target,
  definition: ProviderDefinition,
  config: ResolvedConfig,
  { environment, redactor }: Pick<PreviewTools, 'environment' | 'redactor'>,
): Promise<string | undefined> {
  const [example] = definition.examples;
  if (example === undefined) return undefined;
  const input = { ...toExampleInput(example, target.ref, config), ...(environment === undefined ? {} : { environment }) };
  try {
    const requests = definition.render?.(input) ?? (await recordRequests(definition, input, redactor)).requests;
    return requests.every(({ url }) => URL.canParse(url)) ? undefined : 'the address cannot be read';
  } catch (error) {
    // Anything else met an answer that was made up, and says nothing about the configuration.
    return error instanceof ConfigFault ? error.message : undefined;
  }
}
