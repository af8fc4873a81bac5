// The newest word of each member of a lane whose deliveries speak for several. A program that does not know the table counts
// nothing and leaves its rows alone. An open word waits for another; an overtaken one has a newer revision of its series behind it.
export const tallies = `
CREATE TABLE tallies (
  lane TEXT NOT NULL,
  member TEXT NOT NULL,
  series TEXT NOT NULL,
  revision TEXT NOT NULL,
  word TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  closed_by TEXT,
  is_overtaken INTEGER NOT NULL,
  order_ms INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (lane, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX tallies_open ON tallies (series, member) WHERE is_open = 1;
CREATE INDEX tallies_latest ON tallies (series, member) WHERE is_overtaken = 0;
CREATE INDEX tallies_age ON tallies (is_overtaken, at_ms);
`;
