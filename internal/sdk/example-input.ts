// A type's own example as it would be sent with somebody's configuration, for those who want to know what the type says of it.
import type { ProviderExample, RenderInput, ResolvedConfig } from './provider.ts';
import type { ObjectRef } from './target.ts';

/** What a type renders or sends of its example to this Provider; ids and times are made up, and the same every time. */
export function toExampleInput(
  { event }: Pick<ProviderExample, 'event'>,
  { namespace, name, uid }: ObjectRef,
  config: ResolvedConfig,
): RenderInput {
  return {
    config,
    target: { namespace, name, uid },
    alert: { namespace, name: 'example', uid },
    event,
    occurredAtMs: null,
    statusId: 'example',
    deliveryId: '00000000-0000-7000-8000-000000000000',
    precededBy: 0,
    nowMs: 0,
  };
}
