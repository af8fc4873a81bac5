// Who replayed or cancelled what. A program that does not know the table leaves its rows alone: sequences are never used again.
export const decisions = `
CREATE TABLE decisions (
  delivery INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  by_whom TEXT NOT NULL,
  forced INTEGER NOT NULL,
  from_state INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
`;
