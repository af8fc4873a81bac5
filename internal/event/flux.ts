// From a Flux event body to the envelope that the core keeps, and back from what was kept.
import { type DecodedFlux, type Invalid, decodeFluxBody } from './flux-decode.ts';
import { decodeUtf8 } from './go-text.ts';
import { newId } from './id.ts';
import { cleanMetadata, dedupKeyOf, withoutToken } from './metadata.ts';
import type { Event, FluxEvent, Metadata } from './event.ts';

/** Name of the dialect whose bodies this reads. */
export const FLUX_DIALECT = 'flux';

/** A body on its way in. */
export interface FluxArrival {
  readonly body: Uint8Array | string;
  readonly nowMs: number;
  readonly random?: () => number;
  /** Length of the window in which a repeated event is dropped; zero or less means one second, as in Flux. */
  readonly windowMs: number;
  /** How it arrived, such as `http`. */
  readonly origin: string;
  readonly cluster?: string;
}

/** Builds the envelope of a Flux event, or says why the body is refused. */
export function toEvent(arrival: FluxArrival): Event | Invalid {
  const body = typeof arrival.body === 'string' ? arrival.body.toWellFormed() : decodeUtf8(arrival.body);
  const decoded = decodeFluxBody(body);
  if ('invalid' in decoded) return decoded;
  const subject = decoded.involvedObject;
  const metadata = cleanMetadata(decoded.metadata, subject.apiVersion);
  const cluster = arrival.cluster ?? '';
  return {
    id: newId(arrival.nowMs, arrival.random),
    dialect: FLUX_DIALECT,
    tenant: '',
    cluster,
    origin: arrival.origin,
    subject,
    occurredAtMs: decoded.timestamp?.epochMs ?? null,
    dedup: dedupKeyOf({ subject, message: decoded.message, metadata, windowMs: arrival.windowMs, cluster }),
    body,
    flux: toFlux(decoded, metadata),
  };
}

/** Rebuilds Flux's view from a kept body; throws only for a body that `toEvent` refuses. */
export function projectFlux(body: string): FluxEvent {
  const decoded = decodeFluxBody(body);
  if ('invalid' in decoded) throw new TypeError(`not a Flux event: ${decoded.invalid}`);
  return toFlux(decoded, cleanMetadata(decoded.metadata, decoded.involvedObject.apiVersion));
}

function toFlux(decoded: DecodedFlux, metadata: Metadata): FluxEvent {
  return {
    involvedObject: decoded.involvedObject,
    severity: decoded.severity,
    timestamp: decoded.timestamp?.text ?? null,
    message: decoded.message,
    reason: decoded.reason,
    metadata: withoutToken(metadata, decoded.involvedObject.apiVersion),
    reportingController: decoded.reportingController,
    reportingInstance: decoded.reportingInstance,
  };
}
