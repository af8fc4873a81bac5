// Writing annotations. Where a recovery is to close what a failure opened, the first annotation of a failure becomes a region
// that ends with the recovery; its id is remembered in between.
import { turnOf, wantsResolution } from '../../internal/sdk/lifecycle.ts';
import { basic, bearer } from '../../internal/sdk/authorization.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Fact, Outcome } from '../../internal/sdk/outcome.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import type { RenderInput, ResolvedConfig, SendContext } from '../../internal/sdk/provider.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';
import { vendorWords } from '../../internal/sdk/text/vendor-words.ts';
import { pageInstead } from '../../internal/sdk/vendor-outcome.ts';
import { toAnnotation, toRegionEnd } from './payload.ts';

const OPEN_KEY = 'open-annotation';

/** Posts the annotation of an event, as Flux does; before it, ends the region that a failure began. */
export async function annotate(context: SendContext, input: RenderInput): Promise<Outcome> {
  const open = wantsResolution(input.config) ? await findOpen(context) : undefined;
  const turn = turnOf(input.event);
  const isEnding = open !== undefined && turn === 'recovered';
  if (isEnding) {
    // First, since to end a region twice is harmless and to post twice is not.
    const ended = await end(context, input, open);
    if (ended.kind !== 'delivered') return ended;
  }
  const answer = await context.http(toPost(input));
  const outcome = read(context, input, answer);
  if (outcome.kind !== 'delivered') return outcome;
  const id = idOf(answer);
  const isBeginning = wantsResolution(input.config) && turn === 'failed' && open === undefined && id !== undefined;
  const remember = isEnding ? [toFact(context, '')] : isBeginning ? [toFact(context, id)] : [];
  return { ...outcome, ...(id === undefined ? {} : { ref: id }), ...(remember.length === 0 ? {} : { remember }) };
}

/** An annotation that somebody deleted has ended. */
async function end(context: SendContext, input: RenderInput, id: string): Promise<Outcome> {
  const answer = await context.http(toEnd(input, id));
  return answer.status === 404 ? { kind: 'delivered' } : read(context, input, answer);
}

function read(context: SendContext, { config }: RenderInput, answer: HttpResponse): Outcome {
  const outcome = pageInstead('Grafana', answer) ?? outcomeOfStatus(answer, context.clock.nowMs());
  const said = jsonAnswer(answer)?.['message'];
  if (outcome.kind === 'delivered' || typeof said !== 'string') return outcome;
  return { ...outcome, message: `${outcome.message}: ${vendorWords(said, config)}` };
}

function toPost(input: RenderInput): HttpRequest {
  const { address } = input.config;
  return postJson({ name: 'Grafana', address, headers: authorization(input.config), body: toAnnotation(input) });
}

/** https://grafana.com/docs/grafana/latest/developers/http_api/annotations/#patch-annotation */
function toEnd(input: RenderInput, id: string): HttpRequest {
  const [, path = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(input.config.address) ?? [];
  const request = postJson({
    name: 'Grafana',
    address: `${path.replace(/\/+$/, '')}/${id}${query}`,
    headers: authorization(input.config),
    body: toRegionEnd(input),
  });
  return { ...request, method: 'PATCH' };
}

/** What Flux authenticates with; nothing where half of it is missing. */
export function authorization({ username, password, token }: ResolvedConfig): HttpRequest['headers'] {
  if (token !== '') return [bearer(token)];
  return username === '' || password === '' ? [] : [basic({ username, password })];
}

/** Also unknown after an ambiguous try; then the region stays without an end, and nothing else is touched. */
async function findOpen({ lane, memory }: SendContext): Promise<string | undefined> {
  const recollection = await memory.get(lane, OPEN_KEY);
  return recollection?.known === true && recollection.value !== '' ? recollection.value : undefined;
}

function toFact({ lane }: SendContext, value: string): Fact {
  return { scope: lane, key: OPEN_KEY, value };
}

function idOf(answer: HttpResponse): string | undefined {
  const id = jsonAnswer(answer)?.['id'];
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? String(id) : undefined;
}
