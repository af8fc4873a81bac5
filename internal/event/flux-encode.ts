// Flux's event JSON, byte for byte as the notification-controller writes it: receivers check signatures over it.
import { encodeGoJson, quoteGo } from './go-json-encode.ts';
import type { FluxEvent, ObjectReference } from './event.ts';

/** Encodes an event with the field order of fluxcd/pkg apis/event; empty optional fields are left out. */
export function encodeFluxEvent(event: FluxEvent): string {
  const timestamp = event.timestamp === null ? 'null' : quoteGo(event.timestamp);
  const fields = [
    `"involvedObject":${encodeObjectReference(event.involvedObject)}`,
    `"severity":${quoteGo(event.severity)}`,
    `"timestamp":${timestamp}`,
    `"message":${quoteGo(event.message)}`,
    `"reason":${quoteGo(event.reason)}`,
  ];
  const metadata = encodeGoJson(new Map(Object.entries(event.metadata)));
  if (metadata !== '{}') fields.push(`"metadata":${metadata}`);
  fields.push(`"reportingController":${quoteGo(event.reportingController)}`);
  if (event.reportingInstance !== '') fields.push(`"reportingInstance":${quoteGo(event.reportingInstance)}`);
  return `{${fields.join(',')}}`;
}

const REFERENCE_ORDER = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

function encodeObjectReference(reference: ObjectReference): string {
  const fields: string[] = [];
  for (const name of REFERENCE_ORDER) {
    if (reference[name] !== '') fields.push(`"${name}":${quoteGo(reference[name])}`);
  }
  return `{${fields.join(',')}}`;
}
