// What both generic webhooks send: Flux's event, byte for byte as notification-controller writes it.
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { headerText, postJson } from '../../internal/sdk/post-json.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';

type Headers = HttpRequest['headers'];

/** The request; headers of the Secret replace Flux's own, `lastHeaders` replaces those. */
export function toWebhookRequest(input: RenderInput, lastHeaders: (body: string) => Headers = () => []): HttpRequest {
  const { config, event, deliveryId, traceparent } = input;
  const body = encodeFluxEvent(event);
  const headers: Headers = [
    ['Gotk-Component', headerText(event.reportingController)],
    ...(traceparent === undefined ? [] : [['traceparent', traceparent] as const]),
    ...Object.entries(config.headers),
    ['Tocsin-Delivery', deliveryId],
    ...lastHeaders(body),
  ];
  return postJson({ name: 'hook', address: config.address, headers, body });
}
