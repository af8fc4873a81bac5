// From when a pending event counts its age; empty while that is its acceptance. A program that does not know the column leaves it as it is.
export const pendingSince = `ALTER TABLE events ADD COLUMN pending_since_ms INTEGER;`;
