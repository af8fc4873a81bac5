// The first schema. What is waiting is found through partial indexes that hold only live rows, so that their size follows
// what is owed and not what was kept.
//
// deliveries.state: 0 waiting, 1 leased, 2 delivered, 3 superseded, 4 cancelled, 5 dead.
// deliveries.position orders a lane: the sequence at first, a later one after a replay.
// deliveries.ready_ms is when a worker may take it; null while its lane holds it back, it is leased or it ended.
// deliveries.waits_for: 0 its schedule, 1 a moment that was asked for, 2 a change of its Target.
export const initial = `
CREATE TABLE counters (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  waiting INTEGER NOT NULL, leased INTEGER NOT NULL, delivered INTEGER NOT NULL,
  superseded INTEGER NOT NULL, cancelled INTEGER NOT NULL, dead INTEGER NOT NULL,
  events INTEGER NOT NULL, pending INTEGER NOT NULL,
  next_sequence INTEGER NOT NULL
) STRICT;
INSERT INTO counters VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 1);

CREATE TABLE targets (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  concurrency INTEGER NOT NULL,
  rate_per_second REAL,
  failures INTEGER NOT NULL,
  paused_until_ms INTEGER,
  probe_delay_ms INTEGER NOT NULL,
  probe_position INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  leased INTEGER NOT NULL,
  dead INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  accepted_ms INTEGER NOT NULL,
  pending_due_ms INTEGER,
  occurred_ms INTEGER,
  dialect TEXT NOT NULL, tenant TEXT NOT NULL, cluster TEXT NOT NULL, origin TEXT NOT NULL,
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  api_version TEXT NOT NULL, uid TEXT NOT NULL, resource_version TEXT NOT NULL, field_path TEXT NOT NULL,
  dedup_key TEXT, dedup_window_ms INTEGER,
  revision TEXT NOT NULL,
  verdicts TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_id ON events (id);
CREATE INDEX events_pending ON events (pending_due_ms) WHERE pending_due_ms IS NOT NULL;

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  event_seq INTEGER NOT NULL,
  target INTEGER NOT NULL,
  part INTEGER NOT NULL,
  lane TEXT NOT NULL,
  position INTEGER NOT NULL,
  newest INTEGER NOT NULL,
  latest INTEGER NOT NULL,
  order_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  due_ms INTEGER,
  ready_ms INTEGER,
  lease_until_ms INTEGER,
  hold_until_ms INTEGER,
  ended_ms INTEGER,
  token INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  waits_for INTEGER NOT NULL DEFAULT 0,
  out_of_order INTEGER NOT NULL DEFAULT 0,
  forced INTEGER NOT NULL DEFAULT 0,
  preceded_by INTEGER NOT NULL DEFAULT 0,
  first_try_ms INTEGER,
  gone_ms INTEGER,
  reason TEXT,
  message TEXT
) STRICT;
CREATE UNIQUE INDEX deliveries_id ON deliveries (id);
CREATE INDEX deliveries_event ON deliveries (event_seq);
CREATE INDEX deliveries_lane ON deliveries (lane, position) WHERE ended_ms IS NULL;
CREATE INDEX deliveries_ready ON deliveries (target, ready_ms) WHERE ready_ms IS NOT NULL;
CREATE INDEX deliveries_live ON deliveries (expires_ms, target) WHERE ended_ms IS NULL;
CREATE INDEX deliveries_leased ON deliveries (lease_until_ms) WHERE lease_until_ms IS NOT NULL;
CREATE INDEX deliveries_holding ON deliveries (hold_until_ms) WHERE hold_until_ms IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (state, ended_ms) WHERE ended_ms IS NOT NULL;

CREATE TABLE plans (
  seq INTEGER PRIMARY KEY,
  route_key TEXT NOT NULL,
  plan TEXT NOT NULL
) STRICT;

CREATE TABLE attempts (
  delivery INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE lane_tops (
  lane TEXT PRIMARY KEY,
  order_ms INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_tops_at ON lane_tops (at_ms);

CREATE TABLE dedup (
  key TEXT PRIMARY KEY,
  start_ms INTEGER NOT NULL,
  accepted_ms INTEGER NOT NULL,
  idle_ms INTEGER NOT NULL,
  event_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dedup_idle ON dedup (idle_ms);

CREATE TABLE facts (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX facts_at ON facts (at_ms);
`;
