// The HTTP request and answer as providers and the transport speak of them.

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** In sending order; names keep their case. A repeated name is sent as often as it stands here. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by comma and space. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most the transport's cap; `truncated` says that more came. */
  readonly body: Uint8Array;
  readonly truncated: boolean;
}

/** Sends one request through the one outbound stack; rejects with TransportError. */
export type Send = (request: HttpRequest) => Promise<HttpResponse>;

export type TransportReason = 'network' | 'timeout' | 'egress' | 'config' | 'bad-request' | 'too-large';

/** A request that got no usable answer. The message never holds a secret, a path or a query. */
export class TransportError extends Error {
  readonly reason: TransportReason;

  constructor(reason: TransportReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.reason = reason;
  }
}
