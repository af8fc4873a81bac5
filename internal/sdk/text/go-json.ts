// The encodings of Flux's receivers, for providers: they may not import the event's folder themselves.
export { encodeFluxEvent } from '../../event/flux-encode.ts';
export { encodeGoJson } from '../../event/go-json-encode.ts';
export { compareUtf8, lowerGo } from '../../event/go-text.ts';
