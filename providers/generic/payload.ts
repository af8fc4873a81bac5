// What both generic webhooks send: Flux's event, byte for byte as notification-controller writes it.
import { headerText, postJson, toHeaders } from '../../internal/sdk/post-json.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';

/** The request; headers of the Secret replace Flux's own, `lastHeaders` replaces those. */
export function toWebhookRequest(
  input: RenderInput,
  lastHeaders: (body: string) => readonly (readonly [name: string, value: string])[] = () => [],
): HttpRequest {
  const body = encodeFluxEvent(input.event);
  const headers = [
    ['Gotk-Component', headerText(input.event.reportingController)] as const,
    ...toHeaders(input.config.headers),
    ['Tocsin-Delivery', input.deliveryId] as const,
    ...lastHeaders(body),
  ];
  return postJson({ name: 'hook', address: input.config.address, headers, body });
}
