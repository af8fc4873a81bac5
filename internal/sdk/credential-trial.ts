// Trying a vendor's credentials by a call that the vendor documents and that changes nothing.
import type { HttpResponse } from './http.ts';
import { jsonAnswer } from './json-answer.ts';
import type { Outcome } from './outcome.ts';
import { postJson } from './post-json.ts';
import type { SendContext } from './provider.ts';
import { outcomeOfStatus } from './status-outcome.ts';

export interface CredentialTrial {
  /** As people call it. */
  readonly vendor: string;
  /** Asked with GET; throws ConfigFault for what is no address. */
  readonly address: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What an answer says that refuses nothing. */
  readonly note: string;
  /** How the type reads answers, where the status does not say it all. */
  readonly interpret?: (response: HttpResponse) => Outcome | undefined;
}

/** The outcome; its message names the vendor and nothing of the answer. */
export async function tryCredentials(context: SendContext, trial: CredentialTrial): Promise<Outcome> {
  const { vendor, address, headers, note, interpret } = trial;
  const { url } = postJson({ name: vendor, address, headers: [], body: '' });
  const response = await context.http({ method: 'GET', url, headers });
  const outcome = interpret?.(response) ?? outcomeOfStatus(response, context.clock.nowMs());
  if (outcome.kind !== 'delivered') return named(outcome, trial, response);
  // A login page or a proxy's greeting is no answer of the vendor.
  if (jsonAnswer(response) === undefined && !isList(response)) {
    return { kind: 'retry', reason: 'server', message: `${vendor} answered ${response.status} without its JSON` };
  }
  return { kind: 'delivered', note };
}

function named(outcome: Exclude<Outcome, { kind: 'delivered' }>, { vendor }: CredentialTrial, { status }: HttpResponse): Outcome {
  if (outcome.message.includes(vendor)) return outcome;
  const isRefused = status === 401 || status === 403;
  return { ...outcome, message: `${vendor} ${isRefused ? 'does not accept the credentials: ' : ''}${outcome.message}` };
}

function isList({ body }: HttpResponse): boolean {
  return /^\s*\[/.test(new TextDecoder().decode(body.subarray(0, 64)));
}
