// Tries out a Provider without sending anything: its Secrets are resolved as for an attempt, and its type renders its own
// example event with the result. What the type refuses is blamed on the part of the configuration whose replacement by
// the example's makes the refusal go away.
import { SECRET_FIELDS } from '../config/secret-names.ts';
import { createResolver } from '../credentials/resolver.ts';
import type { SecretData } from '../credentials/source.ts';
import type { ProviderSpec, Target } from '../routing/route.ts';
import { toExampleInput } from '../sdk/example-input.ts';
import type { Logger } from '../sdk/ports.ts';
import { ConfigFault, type ProviderDefinition, type ProviderExample, type ResolvedConfig, type SendContext } from '../sdk/provider.ts';
import type { HttpRequest } from '../sdk/http.ts';
import type { Redactor } from '../sdk/transport.ts';
import { isTemplated } from './finding.ts';

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

type SecretField = (typeof SECRET_FIELDS)[number];

/** The parts of a Provider that can be to blame. */
export type Part = 'address' | 'channel' | 'username' | 'credentials' | 'proxy' | 'spec' | SecretField;

/** Why nothing could be sent. */
export interface Refusal {
  readonly part: Part;
  /** The words of the type or the resolver; holds no value of a Secret. */
  readonly message: string;
}

/** What came of trying a Provider out. */
export interface Rehearsal {
  readonly refusals: readonly Refusal[];
  /** What an attempt would be made with; undefined when a Secret is not known or refused. */
  readonly config: ResolvedConfig | undefined;
}

/** The Secrets that a Provider names, by field, as far as their values are known. */
export type KnownSecrets = Readonly<Partial<Record<SecretField, SecretData>>>;

/** A Provider with what is known of its Secrets. */
export interface RehearsalInput {
  readonly target: Target;
  readonly definition: ProviderDefinition;
  readonly secrets: KnownSecrets;
  /** Keys of a main Secret whose values are not known; undefined when not even the keys are. */
  readonly hiddenKeys: readonly string[] | undefined;
  readonly resolve: ResolveAlone;
  readonly redactor: Redactor;
}

/** Never rejects for what a person wrote; a type that fails in any other way than by refusing it is not judged. */
export async function rehearse(input: RehearsalInput): Promise<Rehearsal> {
  const { target, definition, secrets, redactor } = input;
  const refusals = await refusedReferences(input);
  const isHidden = target.spec.secretRef !== undefined && secrets.secretRef === undefined;
  const main = isHidden ? standIn(definition, target.spec, input.hiddenKeys) : secrets.secretRef;
  const config = await input.resolve(target, withReference(target.spec, 'secretRef'), main);
  if (config instanceof ConfigFault) return { refusals, config: undefined };
  const refusal = await tryOut(definition, target, config);
  if (refusal !== undefined) {
    const part = await findCulprit(input, config);
    // What a stand-in is to blame for says nothing about the real value.
    if (!isHidden || (part !== 'credentials' && part !== 'spec')) refusals.push({ part, message: redactor.redact(refusal) });
  }
  return { refusals, config: isHidden ? undefined : config };
}

/** The proxy and each Secret on its own, so that it is known which of them is refused. */
async function refusedReferences(input: RehearsalInput): Promise<Refusal[]> {
  const { target, secrets, redactor } = input;
  const refusals: Refusal[] = [];
  const add = (part: Part, result: ResolvedConfig | ConfigFault) => {
    if (result instanceof ConfigFault) refusals.push({ part, message: redactor.redact(result.message) });
  };
  const { proxy } = target.spec;
  if (proxy !== undefined && !isTemplated(proxy)) add('proxy', await input.resolve(target, { type: target.type, proxy }, undefined));
  for (const field of SECRET_FIELDS) {
    const data = secrets[field];
    if (data !== undefined) add(field, await input.resolve(target, withReference(target.spec, field), data));
  }
  return refusals;
}

/** The spec with one of its references to Secrets and without a proxy of its own. */
function withReference(spec: ProviderSpec, kept: (typeof SECRET_FIELDS)[number]): ProviderSpec {
  const { secretRef, certSecretRef, proxySecretRef, proxy: _, ...rest } = spec;
  const name = { secretRef, certSecretRef, proxySecretRef }[kept];
  return name === undefined ? rest : { ...rest, [kept]: name };
}

/** Resolves a spec that names at most one Secret, and that is `secret`. */
export type ResolveAlone = (target: Target, spec: ProviderSpec, secret: SecretData | undefined) => Promise<ResolvedConfig | ConfigFault>;

/** One resolver for a whole run; calls must not overlap. */
export function createResolveAlone(redactor: Redactor): ResolveAlone {
  let current: SecretData | undefined;
  let calls = 0;
  const secrets = { get: () => Promise.resolve(current) };
  const resolver = createResolver({ secrets, redactor, featureGates: { objectLevelWorkloadIdentity: true } });
  return async (target, spec, secret) => {
    current = secret;
    calls += 1;
    try {
      // What the resolver remembers of a call before must not answer this one.
      return (await resolver.resolve({ ...target, spec, hash: String(calls) })).config;
    } catch (error) {
      if (error instanceof ConfigFault) return error;
      throw error;
    }
  };
}

/** A Secret whose values are made up from the examples of the type. */
function standIn({ examples }: ProviderDefinition, spec: ProviderSpec, keys: readonly string[] | undefined): SecretData {
  const known = Object.assign({}, ...examples.map(({ secret }) => secret ?? {})) as Readonly<Record<string, string>>;
  const first = Object.keys(examples.find(({ secret }) => secret !== undefined)?.secret ?? {});
  const chosen = keys ?? first.filter((key) => key !== 'address' || spec.address === undefined);
  const entries = chosen.flatMap((key) => (known[key] === undefined ? [] : [[key, Buffer.from(known[key])] as const]));
  return Object.fromEntries(entries);
}

/** The refusal of the type in its own words, or undefined. */
async function tryOut(definition: ProviderDefinition, target: Target, config: ResolvedConfig): Promise<string | undefined> {
  const [example] = definition.examples;
  if (example === undefined) return undefined;
  const input = toExampleInput(example, target.ref, config);
  try {
    if (definition.render !== undefined)
      return definition
        .render(input)
        .map(requestFault)
        .find((fault) => fault !== undefined);
    const outcome = await definition.send?.(offlineContext(), input);
    if (outcome !== undefined && 'reason' in outcome && outcome.reason === 'config') return outcome.message;
  } catch (error) {
    if (error instanceof ConfigFault) return error.message;
    // Anything else is for the tests of the type to find.
  }
  return undefined;
}

/** What no request can hold; the value is not repeated, since it may be a token. */
function requestFault({ url, headers }: HttpRequest): string | undefined {
  if (URL.parse(url) === null) return 'the address cannot be read';
  if (headers.some(([name]) => !HEADER_NAME.test(name))) return 'a header has a name that is not valid';
  const bad = headers.find(([, value]) => CONTROL.test(value));
  return bad === undefined ? undefined : `the value of the header ${bad[0]} holds a control character, such as a line break`;
}

class Offline extends Error {}

/** Remembers nothing and reaches nobody: a type has no other way to the network than its context. */
function offlineContext(): SendContext {
  const controller = new AbortController();
  const refuse = () => {
    // Whatever would try again or wait for an answer is told to stop.
    controller.abort();
    return Promise.reject(new Offline('nothing is sent by a rehearsal'));
  };
  return {
    http: refuse,
    fetch: refuse,
    dial: refuse,
    identity: refuse,
    token: async (_, acquire) => (await acquire()).value,
    shared: (_, work) => work(),
    learn: () => undefined,
    memory: { get: () => Promise.resolve(undefined) },
    lane: 'example',
    clock: { nowMs: () => 0 },
    signal: controller.signal,
    log: SILENT,
  };
}

function ignore(): void {}

const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => SILENT };

/** Which part of the configuration the type refuses, found by replacing one after the other by what an example has. */
async function findCulprit(input: RehearsalInput, config: ResolvedConfig): Promise<Part> {
  const { definition, target } = input;
  for (const example of definition.examples) {
    const good = await resolveExample(input, example);
    if (good === undefined || (await tryOut(definition, target, good)) !== undefined) continue;
    const { token, password, username, headers, secret } = good;
    const replacements: readonly (readonly [Part, Partial<ResolvedConfig>])[] = [
      ['address', { address: good.address }],
      ['channel', { channel: good.channel }],
      ['username', { username }],
      ['credentials', { token, password, username, headers, secret }],
    ];
    for (const [part, replacement] of replacements) {
      if ((await tryOut(definition, target, { ...config, ...replacement })) === undefined) return part;
    }
  }
  return 'spec';
}

async function resolveExample(input: RehearsalInput, { spec, secret }: ProviderExample): Promise<ResolvedConfig | undefined> {
  const text = (field: string) => (typeof spec[field] === 'string' ? { [field]: spec[field] } : {});
  const example = { type: input.target.type, ...text('address'), ...text('channel'), ...text('username') };
  const values = Object.entries(secret ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const);
  const reference = secret === undefined ? example : { ...example, secretRef: 'example' };
  const config = await input.resolve(input.target, reference, Object.fromEntries(values));
  return config instanceof ConfigFault ? undefined : config;
}
