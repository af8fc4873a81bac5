// The trace that an event belongs to. A program that does not know the column leaves it empty.
export const traces = `ALTER TABLE events ADD COLUMN traceparent TEXT;`;
