// A delivery in words: a row of a list, or all of it with every attempt and what people decided.
import type { Attempt, Delivery, PersonsDecision } from '../internal/outbox/store.ts';
import { printable, shorten, toObjectWords, toWords } from './words.ts';

const ANSWER_CHARS = 200;

export const DELIVERY_HEADER = ['ID', 'STATE', 'PROVIDER', 'TYPE', 'OBJECT', 'ALERT', 'TRIES', 'ACCEPTED', 'NEXT TRY', 'REASON'];

/** The cells of a list. */
export function toDeliveryCells(delivery: Delivery, nowMs: number): string[] {
  const { subject } = delivery;
  return [
    delivery.id,
    delivery.state,
    `${delivery.target.namespace}/${delivery.target.name}`,
    delivery.type,
    toObjectWords(subject),
    `${delivery.route.namespace}/${delivery.route.name}`,
    String(delivery.attempts),
    toWords(delivery.createdAtMs, nowMs),
    delivery.dueAtMs === null ? '-' : describeNext(delivery.dueAtMs, nowMs),
    delivery.reason ?? '-',
  ];
}

/** A delivery, its attempts and what people decided about it, in lines for people. */
export function describeDelivery(delivery: Delivery, nowMs: number): string[] {
  const reason = delivery.reason ? `, ${delivery.reason}` : '';
  const message = delivery.message ? `: ${printable(delivery.message)}` : '';
  const doing = delivery.state === 'leased' ? ' (being sent)' : '';
  const next = delivery.dueAtMs === null ? '' : `; next try ${describeNext(delivery.dueAtMs, nowMs)}`;
  const attempts = delivery.history.map((attempt) => ({ atMs: attempt.atMs, lines: describeAttempt(attempt, nowMs) }));
  const decisions = (delivery.decisions ?? []).map((decision) => ({ atMs: decision.atMs, lines: [describeDecision(decision, nowMs)] }));
  return [
    `${delivery.id}  to ${delivery.type} ${delivery.target.namespace}/${delivery.target.name}, from Alert ${delivery.route.namespace}/${delivery.route.name}`,
    `  ${delivery.state}${doing}${reason}${message}${next}`,
    `  accepted ${toWords(delivery.createdAtMs, nowMs)}, ${delivery.attempts} ${delivery.attempts === 1 ? 'try' : 'tries'} so far`,
    ...[...attempts, ...decisions].toSorted((one, other) => one.atMs - other.atMs).flatMap(({ lines }) => lines),
  ];
}

/** What is due waits only for its turn. */
function describeNext(dueAtMs: number, nowMs: number): string {
  return dueAtMs <= nowMs ? 'now' : toWords(dueAtMs, nowMs);
}

function describeDecision({ kind, atMs, by, forced, from, reason }: PersonsDecision, nowMs: number): string {
  const was = reason === undefined ? from : `${from}, ${reason}`;
  return `  ${kind === 'replay' ? 'replayed' : 'cancelled'} ${toWords(atMs, nowMs)} by ${printable(by)}${forced ? ', forced' : ''} (it was ${was})`;
}

function describeAttempt(attempt: Attempt, nowMs: number): string[] {
  const why = [attempt.reason, attempt.message, attempt.note].filter(Boolean).join(', ');
  const head = `  #${attempt.number} ${toWords(attempt.atMs, nowMs)}: ${attempt.outcome}${why ? ` (${printable(why)})` : ''} in ${Math.round(attempt.durationMs)} ms`;
  return [
    head,
    ...attempt.exchanges.map((exchange) => {
      const request = `${exchange.method} ${exchange.origin}`;
      const answer = exchange.status === undefined ? withoutRequest(exchange.error ?? 'no answer', request) : String(exchange.status);
      const body = exchange.responseBody ? ` ${shorten(exchange.responseBody, ANSWER_CHARS)}` : '';
      return `     ${request} -> ${printable(answer)}${body}`;
    }),
  ];
}

/** An error of a connection begins with the request, which stands before it already. */
function withoutRequest(error: string, request: string): string {
  return error.startsWith(`${request}: `) ? error.slice(request.length + 2) : error;
}
