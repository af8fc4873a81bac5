// One small step at a time: lost leases come back, what is too old ends, what was kept long enough goes.
// What is waiting is never pruned.
import { recoverLeases } from './settle.ts';
import { expire } from './lease.ts';
import { LIVE_COLUMNS, type LiveRow } from './lanes.ts';
import type { WriterSettings } from './protocol.ts';
import type { Session } from './session.ts';
import { CANCELLED, DEAD, DELIVERED, LEASED, SUPERSEDED } from '../state-codes.ts';

const STEP_ROWS = 1_000;
/** Above this share of the maximum size what ended goes before its time. */
const PRUNE_ABOVE = 0.9;

export function expireOverdue(session: Session): number {
  const rows = session
    .sql(
      `SELECT ${LIVE_COLUMNS} FROM deliveries WHERE ended_ms IS NULL AND expires_ms <= ? AND state <> ${LEASED} ORDER BY expires_ms LIMIT ?`,
    )
    .all(session.nowMs, STEP_ROWS) as unknown as LiveRow[];
  for (const row of rows) expire(session, row);
  return rows.length;
}

export function recoverExpiredLeases(session: Session): number {
  return recoverLeases(session, session.nowMs, STEP_ROWS);
}

/** Walks over the events, so that those whose deliveries are kept longer are not looked at over and over. */
export interface PruneCursor {
  eventSeq: number;
}

/** Prunes one step; returns how many rows of deliveries and events went. */
export function prune(session: Session, settings: WriterSettings, cursor: PruneCursor): number {
  const isTooBig = usedBytes(session) > settings.maxBytes * PRUNE_ABOVE;
  const keep = (ms: number): number => (isTooBig ? session.nowMs : session.nowMs - ms);
  let room = STEP_ROWS;
  for (const state of [DELIVERED, SUPERSEDED, CANCELLED]) room -= pruneDeliveries(session, state, keep(settings.keepDeliveredMs), room);
  const wasRoom = room;
  if (!isTooBig || wasRoom === STEP_ROWS) {
    room -= pruneDeliveries(session, DEAD, keep(settings.keepDeadMs), room);
  }
  const deliveries = STEP_ROWS - room;
  const events = pruneEvents(session, keep(settings.keepDeliveredMs), cursor);
  pruneMemory(session, settings.keepDeadMs);
  pruneTallies(session, 1, keep(settings.keepDeliveredMs));
  pruneTallies(session, 0, session.nowMs - settings.keepDeadMs);
  return deliveries + events;
}

export function usedBytes(session: Session): number {
  const pages = pragma(session, 'page_count') - pragma(session, 'freelist_count');
  return pages * pragma(session, 'page_size');
}

export function pragma(session: Session, name: 'page_count' | 'freelist_count' | 'page_size'): number {
  return Number(session.sql(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function pruneDeliveries(session: Session, state: number, endedBeforeMs: number, limit: number): number {
  const rows = session
    .sql('SELECT seq, target FROM deliveries WHERE state = ? AND ended_ms IS NOT NULL AND ended_ms < ? ORDER BY ended_ms LIMIT ?')
    .all(state, endedBeforeMs, Math.max(0, limit));
  for (const row of rows) {
    const seq = row['seq'] ?? null;
    session.sql('DELETE FROM attempts WHERE delivery = ?').run(seq);
    session.sql('DELETE FROM decisions WHERE delivery = ?').run(seq);
    session.sql('DELETE FROM plans WHERE seq = ?').run(seq);
    session.sql('DELETE FROM deliveries WHERE seq = ?').run(seq);
    session.countState(session.targets.byId(Number(row['target'])), state, null);
  }
  return rows.length;
}

function pruneEvents(session: Session, acceptedBeforeMs: number, cursor: PruneCursor): number {
  const rows = session
    .sql(`SELECT seq, accepted_ms, pending_due_ms, EXISTS (SELECT 1 FROM deliveries WHERE event_seq = events.seq) AS owed
      FROM events WHERE seq > ? ORDER BY seq LIMIT ?`)
    .all(cursor.eventSeq, STEP_ROWS);
  const old = rows.filter((row) => Number(row['accepted_ms']) < acceptedBeforeMs);
  const done = old.filter((row) => row['owed'] === 0 && row['pending_due_ms'] === null);
  for (const row of done) session.sql('DELETE FROM events WHERE seq = ?').run(row['seq'] ?? null);
  session.countEvents(-done.length);
  // Events are stored in order of time: behind the first young one there is nothing to prune.
  cursor.eventSeq = old.length === STEP_ROWS ? Number(rows.at(-1)?.['seq']) : 0;
  return done.length;
}

function pruneMemory(session: Session, keepMs: number): void {
  const { nowMs } = session;
  session.sql('DELETE FROM dedup WHERE key IN (SELECT key FROM dedup WHERE idle_ms < ? LIMIT ?)').run(nowMs, STEP_ROWS);
  session.sql('DELETE FROM lane_tops WHERE lane IN (SELECT lane FROM lane_tops WHERE at_ms < ? LIMIT ?)').run(nowMs - keepMs, STEP_ROWS);
  session
    .sql('DELETE FROM facts WHERE (scope, key) IN (SELECT scope, key FROM facts WHERE at_ms < ? LIMIT ?)')
    .run(nowMs - keepMs, STEP_ROWS);
}

function pruneTallies(session: Session, isOvertaken: 0 | 1, saidBeforeMs: number): void {
  session
    .sql(`DELETE FROM tallies WHERE (lane, member) IN
      (SELECT lane, member FROM tallies WHERE is_overtaken = ? AND at_ms < ? LIMIT ?)`)
    .run(isOvertaken, saidBeforeMs, STEP_ROWS);
}
