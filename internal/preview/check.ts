// Whether a Provider could be reached and would let us in, found out without posting a message: its configuration is
// resolved and tried on an example, a request without body and credentials goes to the root of its server, and where the vendor offers a call that
// changes nothing, its credentials are tried with that.
import type { Target } from '../routing/route.ts';
import { type ResolvedTarget, SecretUnavailable } from '../sdk/credentials.ts';
import { TransportError } from '../sdk/http.ts';
import type { IdentitySource } from '../sdk/identity.ts';
import { type Reason } from '../sdk/outcome.ts';
import type { Clock, Logger } from '../sdk/ports.ts';
import { ConfigFault, type ProviderDefinition, type ResolvedConfig, type SendContext } from '../sdk/provider.ts';
import type { Line } from '../sdk/session.ts';
import type { Redactor, SendOptions, Transport } from '../sdk/transport.ts';
import { findRefusal } from './try-out.ts';

export interface CheckTools {
  /** Registers every secret value for redaction first. */
  readonly resolve: (target: Target) => Promise<ResolvedTarget>;
  readonly transport: Transport;
  readonly redactor: Redactor;
  readonly tokens: SendContext['token'];
  readonly identity?: IdentitySource;
  /** Variables of the process that types declare. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One thing that was looked at. */
export interface CheckStep {
  readonly step: 'configuration' | 'connection' | 'credentials';
  readonly result: 'fine' | 'failed' | 'not tried';
  readonly reason?: Reason;
  readonly detail: string;
}

export interface CheckReport {
  readonly provider: string;
  readonly type: string;
  /** True when nothing failed. */
  readonly isFine: boolean;
  readonly steps: readonly CheckStep[];
}

/** Checks a Provider within its own time-out; never rejects for what is wrong with it. */
export async function checkTarget(target: Target, tools: CheckTools): Promise<CheckReport> {
  const controller = new AbortController();
  const cancel = tools.clock.schedule(target.timeoutMs, () => {
    controller.abort(new TransportError('timeout', `no answer within ${target.timeoutMs / 1000} s`));
  });
  try {
    const steps = (await runSteps(target, tools, controller.signal)).map((step) => ({
      ...step,
      detail: tools.redactor.redact(step.detail),
    }));
    const isFine = steps.every(({ result }) => result !== 'failed');
    return { provider: `${target.ref.namespace}/${target.ref.name}`, type: target.type, isFine, steps };
  } finally {
    cancel();
  }
}

async function runSteps(target: Target, tools: CheckTools, signal: AbortSignal): Promise<CheckStep[]> {
  const { definition } = target;
  if (definition === null) return [failed('configuration', 'config', `there is no Provider type ${JSON.stringify(target.type)}`)];
  let resolved: ResolvedTarget;
  try {
    resolved = await tools.resolve(target);
  } catch (error) {
    return [toFailed('configuration', error)];
  }
  const refusal = await findRefusal(target, definition, resolved.config, tools);
  if (refusal !== undefined) return [failed('configuration', 'config', refusal)];
  const configuration: CheckStep = { step: 'configuration', result: 'fine', detail: 'the Provider and its Secrets are complete' };
  const connection = await connect(definition, resolved, tools, signal);
  if (connection.result === 'failed') return [configuration, connection];
  return [configuration, connection, await tryCredentials(target, definition, { resolved, tools, signal })];
}

/**
 * A connection for sessions; else `HEAD /` without credentials, the way that a delivery takes: proxies, certificates, time-outs and the egress guard
 * included. Never the configured path: what listens there may take any request for a message.
 */
async function connect(
  definition: ProviderDefinition,
  resolved: ResolvedTarget,
  tools: CheckTools,
  signal: AbortSignal,
): Promise<CheckStep> {
  const url = URL.parse(resolved.config.address);
  const options: SendOptions = { connection: resolved.connection, signal };
  const startedMs = tools.clock.monotonicMs();
  const took = (): string => `within ${Math.round(tools.clock.monotonicMs() - startedMs)} ms`;
  try {
    if (url !== null && /^https?:$/.test(url.protocol)) {
      const origin = `${url.protocol}//${url.host}`;
      const { status } = await tools.transport.open(options)({ method: 'HEAD', url: `${origin}/`, headers: [] });
      const encrypted = url.protocol === 'https:' ? 'its certificate is trusted' : 'nothing is encrypted';
      return { step: 'connection', result: 'fine', detail: `${origin} answered ${took()} (${status} to HEAD /), ${encrypted}` };
    }
    if (url !== null && url.port !== '' && definition.capabilities.transport === 'session') {
      const { stream } = await tools.transport.openDial(options)({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) });
      stream.destroy();
      return {
        step: 'connection',
        result: 'fine',
        detail: `${url.host} took a connection ${took()}; a session is opened when something is sent`,
      };
    }
    return {
      step: 'connection',
      result: 'not tried',
      detail: 'the address names no server and port; it is connected to when something is sent',
    };
  } catch (error) {
    return toFailed('connection', error);
  }
}

interface Trial {
  readonly resolved: ResolvedTarget;
  readonly tools: CheckTools;
  readonly signal: AbortSignal;
}

async function tryCredentials(target: Target, definition: ProviderDefinition, trial: Trial): Promise<CheckStep> {
  if (definition.check === undefined) return untried(`${definition.title} offers no call that tries them without posting; connection only`);
  const lines: Line[] = [];
  try {
    const outcome = await definition.check(toContext(target, trial, lines), trial.resolved.config);
    if (outcome === undefined) return untried('this kind of address takes nothing but messages; connection only');
    if (outcome.kind === 'delivered') return { step: 'credentials', result: 'fine', detail: outcome.note ?? 'they are accepted' };
    return failed('credentials', outcome.reason, outcome.message);
  } catch (error) {
    return toFailed('credentials', error);
  } finally {
    for (const { stream } of lines) stream.destroy();
  }
}

function toContext(target: Target, { resolved, tools, signal }: Trial, lines: Line[]): SendContext {
  const options: SendOptions = { connection: resolved.connection, signal };
  const send = tools.transport.open(options);
  const dial = tools.transport.openDial(options);
  return {
    http: send,
    fetch: tools.transport.openFetch(options),
    dial: async (endpoint) => {
      const line = await dial(endpoint);
      lines.push(line);
      return line;
    },
    // A token that is bought for a check must not stand in for one that a delivery found wanting.
    token: async (_, acquire) => {
      const { value } = await acquire();
      tools.redactor.add(value);
      return value;
    },
    identity: async (scope) => {
      const { identity } = tools;
      if (identity === undefined) throw new ConfigFault('there is no token in the Secret, and workload identity is not set up');
      const request = { ...scope, namespace: target.ref.namespace, serviceAccountName: serviceAccountOf(resolved.config) };
      return await tools.tokens(`identity ${identity.keyOf(request)}`, () => identity.acquire(request, send));
    },
    ...(tools.environment === undefined ? {} : { environment: tools.environment }),
    shared: (_, work) => work(),
    learn: () => undefined,
    memory: { get: async () => undefined },
    lane: 'check',
    clock: tools.clock,
    signal,
    log: tools.log,
  };
}

function serviceAccountOf(config: ResolvedConfig): string {
  return config.serviceAccountName ?? '';
}

function untried(detail: string): CheckStep {
  return { step: 'credentials', result: 'not tried', detail };
}

function failed(step: CheckStep['step'], reason: Reason, detail: string): CheckStep {
  return { step, result: 'failed', reason, detail };
}

function toFailed(step: CheckStep['step'], error: unknown): CheckStep {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TransportError) return failed(step, cause.reason, cause.message);
    if (cause instanceof ConfigFault || cause instanceof SecretUnavailable) return failed(step, 'config', cause.message);
  }
  return failed(step, 'bug', error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
