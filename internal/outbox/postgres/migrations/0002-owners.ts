// Which replicas live. `seen_ms` is when one last noted that it does; one that closes deletes its row, and one that is gone loses it
// together with its leases. A program that knows nothing of this has no row, and its leases end by their time.
export const owners = `
CREATE TABLE owners (
  id text COLLATE "C" PRIMARY KEY,
  seen_ms bigint NOT NULL
) WITH (fillfactor = 50);
`;
