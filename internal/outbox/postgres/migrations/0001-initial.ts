// The first schema. What is waiting is found through partial indexes that hold only live rows, so that their size follows
// what is owed and not what was kept. Rows have the names and the numbers of the SQLite store, since one code reads both.
//
// turns: the one row that every writing transaction changes. `turn` counts them; a replica whose memory is of this turn need not read
// again what it knows. `offset_ms` sums up the jumps of the database's clock that were made good.
// targets.turn: the transaction that changed the row last.
// deliveries.state: 0 waiting, 1 leased, 2 delivered, 3 superseded, 4 cancelled, 5 dead.
// deliveries.position orders a lane: the sequence at first, a later one after a replay.
// deliveries.ready_ms is when a worker may take it; null while its lane holds it back, it is leased or it ended.
// events.pending_since_ms is from when a pending event counts its age; null while that is its acceptance.
// deliveries.waits_for: 0 its schedule, 1 a moment that was asked for, 2 a change of its Target.
export const initial = `
CREATE FUNCTION outbox_now() RETURNS bigint LANGUAGE sql STABLE AS
  'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

-- A field of a body, which may be anything that its intake understood.
CREATE FUNCTION outbox_text(body text, field text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN body::json ->> field;
EXCEPTION WHEN others THEN
  RETURN NULL;
END $$;

CREATE TABLE turns (
  id integer PRIMARY KEY CHECK (id = 1),
  turn bigint NOT NULL,
  at_ms bigint NOT NULL, offset_ms bigint NOT NULL, prune_from_ms bigint NOT NULL, next_hold_ms bigint,
  waiting bigint NOT NULL, leased bigint NOT NULL, delivered bigint NOT NULL,
  superseded bigint NOT NULL, cancelled bigint NOT NULL, dead bigint NOT NULL,
  events bigint NOT NULL, pending bigint NOT NULL,
  next_sequence bigint NOT NULL, next_event_sequence bigint NOT NULL, next_target integer NOT NULL
) WITH (fillfactor = 10);
INSERT INTO turns VALUES (1, 0, 0, 0, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1);

CREATE TABLE targets (
  id integer PRIMARY KEY,
  key text COLLATE "C" NOT NULL UNIQUE,
  turn bigint NOT NULL,
  concurrency integer NOT NULL,
  rate_per_second double precision,
  failures integer NOT NULL, paused_until_ms bigint, probe_delay_ms bigint NOT NULL,
  probe_position bigint NOT NULL, probe_seq bigint,
  waiting bigint NOT NULL, leased bigint NOT NULL, dead bigint NOT NULL,
  lease_window integer NOT NULL,
  next_ready_ms bigint,
  tokens double precision NOT NULL, tokens_at_ms bigint NOT NULL,
  served bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX targets_turn ON targets (turn);

CREATE TABLE events (
  seq bigint PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  accepted_ms bigint NOT NULL,
  pending_due_ms bigint,
  pending_since_ms bigint,
  occurred_ms bigint,
  dialect text NOT NULL, tenant text NOT NULL, cluster text NOT NULL, origin text NOT NULL,
  kind text NOT NULL, namespace text NOT NULL, name text NOT NULL,
  api_version text NOT NULL, uid text NOT NULL, resource_version text NOT NULL, field_path text NOT NULL,
  dedup_key text, dedup_window_ms bigint,
  revision text NOT NULL,
  verdicts text NOT NULL,
  body text NOT NULL,
  traceparent text
);
CREATE INDEX events_pending ON events (pending_due_ms) WHERE pending_due_ms IS NOT NULL;

CREATE TABLE deliveries (
  seq bigint PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  event_seq bigint NOT NULL,
  target integer NOT NULL,
  part integer NOT NULL,
  lane text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  newest smallint NOT NULL,
  latest smallint NOT NULL,
  order_ms bigint NOT NULL,
  state smallint NOT NULL,
  created_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  due_ms bigint,
  ready_ms bigint,
  lease_until_ms bigint,
  lease_owner text COLLATE "C",
  hold_until_ms bigint,
  ended_ms bigint,
  token bigint NOT NULL,
  attempts integer NOT NULL,
  tries integer NOT NULL,
  waits_for smallint NOT NULL,
  out_of_order smallint NOT NULL,
  forced smallint NOT NULL,
  preceded_by integer NOT NULL,
  first_try_ms bigint,
  gone_ms bigint,
  reason text,
  message text
);
CREATE INDEX deliveries_event ON deliveries (event_seq);
CREATE INDEX deliveries_lane ON deliveries (lane, position) WHERE ended_ms IS NULL;
CREATE INDEX deliveries_ready ON deliveries (target, ready_ms) WHERE ready_ms IS NOT NULL;
CREATE INDEX deliveries_live ON deliveries (expires_ms, target) WHERE ended_ms IS NULL;
CREATE INDEX deliveries_leased ON deliveries (lease_until_ms) WHERE lease_until_ms IS NOT NULL;
CREATE INDEX deliveries_holding ON deliveries (hold_until_ms) WHERE hold_until_ms IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (state, ended_ms) WHERE ended_ms IS NOT NULL;

CREATE TABLE plans (
  seq bigint PRIMARY KEY,
  route_key text NOT NULL,
  plan text NOT NULL
);

CREATE TABLE attempts (
  delivery bigint NOT NULL,
  number integer NOT NULL,
  at_ms bigint NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (delivery, number)
);

CREATE TABLE decisions (
  delivery bigint NOT NULL,
  number integer NOT NULL,
  at_ms bigint NOT NULL,
  kind text NOT NULL,
  by_whom text NOT NULL,
  forced smallint NOT NULL,
  from_state smallint NOT NULL,
  reason text,
  PRIMARY KEY (delivery, number)
);
CREATE INDEX decisions_at ON decisions (at_ms);

CREATE TABLE lane_tops (
  lane text COLLATE "C" PRIMARY KEY,
  order_ms bigint NOT NULL,
  seq bigint NOT NULL,
  at_ms bigint NOT NULL
);
CREATE INDEX lane_tops_at ON lane_tops (at_ms);

CREATE TABLE dedup (
  key text COLLATE "C" PRIMARY KEY,
  start_ms bigint NOT NULL,
  accepted_ms bigint NOT NULL,
  idle_ms bigint NOT NULL,
  event_id text NOT NULL
);
CREATE INDEX dedup_idle ON dedup (idle_ms);

CREATE TABLE facts (
  scope text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text,
  at_ms bigint NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX facts_at ON facts (at_ms);

CREATE TABLE tallies (
  lane text COLLATE "C" NOT NULL,
  member text COLLATE "C" NOT NULL,
  series text COLLATE "C" NOT NULL,
  revision text NOT NULL,
  word text NOT NULL,
  is_open smallint NOT NULL,
  closed_by text,
  is_overtaken smallint NOT NULL,
  order_ms bigint NOT NULL,
  seq bigint NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (lane, member)
);
CREATE INDEX tallies_series ON tallies (series, member) WHERE is_open = 1 OR is_overtaken = 0;
CREATE INDEX tallies_age ON tallies (is_overtaken, at_ms);
`;
