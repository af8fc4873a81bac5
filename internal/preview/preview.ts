// What would be sent, without sending it: the provider renders, or speaks to nobody while its requests are written down.
// Everything that comes out is redacted; of addresses only scheme and host are shown unless somebody asks for more.
import type { Event, FluxEvent, Metadata } from '../event/event.ts';
import type { ManifestObject, Target } from '../routing/route.ts';
import { type ResolvedTarget, SecretUnavailable } from '../sdk/credentials.ts';
import type { HttpRequest } from '../sdk/http.ts';
import type { Reason } from '../sdk/outcome.ts';
import { ConfigFault, type ProviderDefinition, type RenderInput } from '../sdk/provider.ts';
import { isWholeCommit } from '../sdk/git/status-draft.ts';
import type { ObjectRef } from '../sdk/target.ts';
import type { Redactor } from '../sdk/transport.ts';
import { measureLimits, type UsedLimit } from './limits.ts';
import { recordRequests } from './recorder.ts';
import { toPicture } from './picture.ts';
import { COUNT_NOTE, toStatusInputs } from './status-inputs.ts';

export interface PreviewTools {
  /** Registers every secret value for redaction first. */
  readonly resolve: (target: Target) => Promise<ResolvedTarget>;
  readonly redactor: Redactor;
  /** Variables of the process that types declare. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly nowMs: number;
  /** Shows paths and queries too, redacted. */
  readonly showPath: boolean;
  /** Why nothing may be sent to an address; undefined when it may be. */
  readonly refuses?: (url: URL) => string | undefined;
}

/** A message that would go to a Target. */
export interface PreviewQuestion {
  readonly event: Event;
  readonly target: Target;
  /** The Alert that asks for it; absent when somebody only names a Provider. */
  readonly alert?: { readonly ref: ObjectRef; readonly object: ManifestObject };
  /** The event's metadata after combination with the Alert's. */
  readonly metadata: Metadata;
}

export interface PreviewedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Absent for a request without a body. */
  readonly body?: string;
  readonly bodyBytes: number;
}

export interface Preview {
  readonly provider: string;
  readonly type: string;
  readonly alert?: string;
  readonly requests: readonly PreviewedRequest[];
  readonly limits: readonly UsedLimit[];
  /** The message as plain text. */
  readonly picture: readonly string[];
  readonly notes: readonly string[];
  /** Why nothing would be sent. */
  readonly fault?: { readonly reason: Reason; readonly message: string };
}

/** Previews one message; never rejects for configuration that cannot work. */
export async function previewMessage(question: PreviewQuestion, tools: PreviewTools): Promise<Preview> {
  const { target, alert } = question;
  const head = {
    provider: `${target.ref.namespace}/${target.ref.name}`,
    type: target.type,
    ...(alert === undefined ? {} : { alert: `${alert.ref.namespace}/${alert.ref.name}` }),
  };
  const refused = (message: string): Preview => {
    const fault = { reason: 'config' as const, message: tools.redactor.redact(message) };
    return { ...head, requests: [], limits: [], picture: [], notes: [], fault };
  };
  if (target.definition === null) return refused(`there is no Provider type ${JSON.stringify(target.type)}`);
  try {
    const { config } = await tools.resolve(target);
    const inputs = toInputs(question, config, tools);
    if ('error' in inputs) return refused(`failed to create commit status: ${inputs.error}`);
    return { ...head, ...(await renderAll(target.definition, inputs, tools)) };
  } catch (error) {
    if (error instanceof ConfigFault || error instanceof SecretUnavailable) return refused(error.message);
    throw error;
  }
}

type Rendered = Omit<Preview, 'provider' | 'type' | 'alert'>;

async function renderAll(definition: ProviderDefinition, inputs: readonly RenderInput[], tools: PreviewTools): Promise<Rendered> {
  const rendered: Rendered[] = [];
  for (const input of inputs) rendered.push(await render(definition, input, tools));
  const fault = rendered.find((one) => one.fault !== undefined)?.fault;
  const notes = [...new Set(rendered.flatMap((one) => one.notes)), ...(inputs.some(isWholeCommit) ? [COUNT_NOTE] : [])];
  return {
    requests: rendered.flatMap(({ requests }) => requests),
    limits: rendered.flatMap(({ limits }) => limits),
    picture: rendered.flatMap(({ picture }) => picture),
    notes,
    ...(fault === undefined ? {} : { fault }),
  };
}

async function render(definition: ProviderDefinition, input: RenderInput, tools: PreviewTools): Promise<Rendered> {
  const { redactor } = tools;
  const { requests, notes } =
    definition.render === undefined ? await recordRequests(definition, input, redactor) : { requests: definition.render(input), notes: [] };
  const refusal = requests.map(({ url }) => refusalOf(url, tools)).find((found) => found !== undefined);
  const told = requests.length === 0 && notes.length === 0 ? ['the provider has nothing to send for this event'] : notes;
  return {
    requests: requests.map((request) => toShown(request, tools)),
    limits: measureLimits(definition.capabilities.limits, requests),
    picture: requests
      .flatMap(({ headers, body }) => (typeof body === 'string' ? toPicture(body, headerOf(headers, 'content-type')) : []))
      .map((line) => redactor.redact(line)),
    notes: told.map((note) => redactor.redact(note)),
    ...(refusal === undefined ? {} : { fault: { reason: 'egress' as const, message: refusal } }),
  };
}

function refusalOf(text: string, { refuses }: PreviewTools): string | undefined {
  const url = URL.parse(text);
  const why = url === null ? undefined : refuses?.(url);
  return why === undefined || url === null ? undefined : `requests to ${url.host} are refused: ${why}`;
}

function toInputs(
  question: PreviewQuestion,
  config: RenderInput['config'],
  { environment, nowMs }: PreviewTools,
): readonly RenderInput[] | { readonly error: string } {
  const { event, target, alert, metadata } = question;
  const { namespace, name, uid } = target.ref;
  const enriched: FluxEvent = { ...event.flux, metadata };
  const input: RenderInput = {
    config,
    target: { namespace, name, uid },
    alert: { namespace: alert?.ref.namespace ?? namespace, name: alert?.ref.name ?? 'preview', uid: alert?.ref.uid ?? uid },
    event: enriched,
    occurredAtMs: event.occurredAtMs,
    deliveryId: event.id,
    precededBy: 0,
    ...(environment === undefined ? {} : { environment }),
    nowMs,
  };
  if (target.definition?.capabilities.accepts.includes('commit-status') !== true) return [input];
  return toStatusInputs(input, target, alert?.object);
}

/** Headers that carry a credential even when nobody registered it. */
const CREDENTIAL_HEADER = /authorization|api-?key|token|cookie|secret|auth$/i;

function toShown({ method, url, headers, body }: HttpRequest, { redactor, showPath }: PreviewTools): PreviewedRequest {
  return {
    method,
    url: toShownAddress(url, showPath, redactor),
    headers: headers.map(([name, value]) => [name, CREDENTIAL_HEADER.test(name) ? maskCredential(value) : redactor.redact(value)]),
    ...(body === undefined ? {} : { body: redactor.redact(toText(body)) }),
    bodyBytes: body === undefined ? 0 : Buffer.byteLength(body),
  };
}

function toShownAddress(text: string, showPath: boolean, redactor: Redactor): string {
  const url = URL.parse(text);
  if (url === null) return 'an address that cannot be read';
  const origin = `${url.protocol}//${url.host}`;
  if (showPath) return redactor.redact(`${origin}${url.pathname}${url.search}`);
  return redactor.redact(url.pathname === '' || url.pathname === '/' ? origin : `${origin}/…`);
}

/** The scheme may stay: it says how it is signed in. */
function maskCredential(value: string): string {
  const scheme = /^[A-Za-z-]+(?= )/.exec(value)?.[0];
  return scheme === undefined ? '*****' : `${scheme} *****`;
}

function toText(body: string | Uint8Array): string {
  if (typeof body === 'string') return body;
  const text = Buffer.from(body).toString('utf8');
  return text.includes('\uFFFD') || text.includes('\0') ? `${body.byteLength} bytes that are no text` : text;
}

function headerOf(headers: HttpRequest['headers'], name: string): string {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}
