// The body of a repository dispatch within GitHub's budget: what workflows filter on is kept, texts give way.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { cutEncoded, encodedBytes, fitMetadata } from '../../internal/sdk/text/encoded-size.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';

type FluxEvent = RenderInput['event'];

/** https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event: less than 64 KB. */
export const MAX_BODY_BYTES = 65_535;
/** The same page: 100 characters or fewer. */
const MAX_TYPE_CHARS = 100;
const MAX_NAME_CHARS = 256;
const MAX_WORD_CHARS = 512;
const METADATA_BUDGET = { maxKeyChars: 512, maxValueChars: 4_096, maxBytes: 24_576 };

/** The whole event as long as it fits; else metadata, then the message, are cut. */
export function toDispatch(event: FluxEvent): string {
  const whole = encode(event);
  if (Buffer.byteLength(whole) <= MAX_BODY_BYTES) return whole;
  const cut = { ...cutWords(event), metadata: fitMetadata(event.metadata, METADATA_BUDGET), message: '' };
  const room = MAX_BODY_BYTES - Buffer.byteLength(encode(cut)) + encodedBytes('');
  return encode({ ...cut, message: cutEncoded(event.message, room) });
}

function encode(event: FluxEvent): string {
  const { kind, namespace, name } = event.involvedObject;
  const type = JSON.stringify(cutChars(`${kind}/${name}.${namespace}`, MAX_TYPE_CHARS).toWellFormed());
  return `{"event_type":${type},"client_payload":${encodeFluxEvent(event)}}\n`;
}

/** Kubernetes allows none of these texts to be long. */
function cutWords(event: FluxEvent): FluxEvent {
  const { involvedObject: object } = event;
  return {
    ...event,
    severity: cutName(event.severity),
    reason: cutWord(event.reason),
    reportingController: cutWord(event.reportingController),
    reportingInstance: cutWord(event.reportingInstance),
    involvedObject: {
      kind: cutName(object.kind),
      namespace: cutName(object.namespace),
      name: cutName(object.name),
      uid: cutName(object.uid),
      apiVersion: cutName(object.apiVersion),
      resourceVersion: cutName(object.resourceVersion),
      fieldPath: cutName(object.fieldPath),
    },
  };
}

function cutName(text: string): string {
  return cutChars(text, MAX_NAME_CHARS);
}

function cutWord(text: string): string {
  return cutChars(text, MAX_WORD_CHARS);
}
