// One message on a connection of its own: connect, log in, publish, and ask whether the server took it.
import { TransportError } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput, type ResolvedConfig, type SendContext } from '../../internal/sdk/provider.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';
import { vendorWords } from '../../internal/sdk/text/vendor-words.ts';
import { untilChange } from '../../internal/sdk/vendor-outcome.ts';
import { type Server, toServers } from './address.ts';
import { loadLibrary, type NatsClient, type NatsLibrary, openSession } from './client.ts';
import { toLogin } from './credentials.ts';

type Session = Awaited<ReturnType<typeof openSession>>;

/** Publishes the event; the servers of the address are tried in turn until one can be reached. */
export async function publish(context: SendContext, input: RenderInput): Promise<Outcome> {
  const { config } = input;
  if (config.address === '') throw new ConfigFault('NATS server (address) cannot be empty');
  if (config.channel === '') throw new ConfigFault('NATS subject (channel) cannot be empty');
  // A blank would end the subject on the wire, and what follows it would be read as something else.
  // oxlint-disable-next-line no-control-regex
  if (/[\s\x00-\x1f\x7f]/.test(config.channel)) throw new ConfigFault('NATS subject (channel) must not hold blanks');
  const servers = toServers(config.address);
  const library = await loadLibrary();
  const body = new TextEncoder().encode(encodeFluxEvent(input.event));
  let failure: unknown;
  for (const server of servers) {
    // Before anything is opened: a broken key is a fault whether or not a server is there.
    const login = toLogin(library.client, config, server);
    try {
      const line = await context.dial(server);
      return await converse(library, { line, login, requiresTls: server.requiresTls }, { config, server, body });
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Another server may do better; nothing has been published yet. */
function isUnreachable(error: unknown): boolean {
  return error instanceof TransportError && !(error instanceof Unanswered) && (error.reason === 'network' || error.reason === 'timeout');
}

/** The message was written, and no answer says what became of it. */
class Unanswered extends TransportError {}

interface Message {
  readonly config: ResolvedConfig;
  readonly server: Server;
  readonly body: Uint8Array;
}

async function converse(library: NatsLibrary, options: Parameters<typeof openSession>[1], message: Message): Promise<Outcome> {
  let session: Session;
  try {
    session = await openSession(library, options);
  } catch (error) {
    return toConnectOutcome(library.client, error, message);
  }
  const refusals = collectRefusals(session);
  try {
    const maxBytes = session.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (message.body.length > maxBytes) {
      const text = `error publishing message to server: the event has ${message.body.length} bytes, the server takes ${maxBytes}`;
      return { kind: 'rejected', reason: 'too-large', message: text };
    }
    session.publish(message.config.channel, message.body);
    await acknowledged(session, message.server);
  } finally {
    await session.close();
  }
  const [refusal] = await refusals;
  return refusal === undefined ? { kind: 'delivered' } : toRefused(library.client, refusal, message, 'error publishing message to server');
}

/** A PONG says that the server has read everything before the PING; a connection that ends first says nothing. */
async function acknowledged(session: Session, server: Server): Promise<void> {
  const closed = session.closed().then(() => {
    throw new Unanswered('network', `${shown(server)}: the connection was closed before the server confirmed the message`);
  });
  await Promise.race([session.flush(), closed]);
}

/** What the server complained of until the session was closed. */
async function collectRefusals(session: Session): Promise<readonly Error[]> {
  const refusals: Error[] = [];
  for await (const status of session.status()) if (status.type === 'error') refusals.push(status.error);
  return refusals;
}

function toConnectOutcome(client: NatsClient, error: unknown, message: Message): Outcome {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof TransportError) throw cause;
  if (error instanceof client.errors.InvalidArgumentError || isWithoutTls(error)) {
    throw new ConfigFault(`error connecting to server: ${shown(message.server)} does not speak TLS`, { cause: error });
  }
  if (error instanceof client.errors.AuthorizationError || error instanceof client.errors.ProtocolError || isExpired(client, error)) {
    return toRefused(client, error as Error, message, 'error connecting to server');
  }
  const isLate = error instanceof client.errors.TimeoutError;
  const what = isLate ? 'no answer in time' : 'the server closed the connection or does not speak NATS';
  throw new TransportError(isLate ? 'timeout' : 'network', `${shown(message.server)}: ${what}`, { cause: error });
}

function isWithoutTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes("does not support 'tls'");
}

function isExpired(client: NatsClient, error: unknown): boolean {
  return error instanceof client.errors.UserAuthenticationExpiredError;
}

function toRefused(client: NatsClient, refusal: Error, { config }: Message, doing: string): Outcome {
  const words = vendorWords(refusal.message, config);
  const message = `error publishing event to subject ${config.channel}: ${doing}: nats: ${words}`;
  const { AuthorizationError, PermissionViolationError } = client.errors;
  if (refusal instanceof AuthorizationError || refusal instanceof PermissionViolationError || isExpired(client, refusal)) {
    return untilChange('auth', message);
  }
  return { kind: 'retry', reason: 'server', message };
}

function shown({ host, port }: Server): string {
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
