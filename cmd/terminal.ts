// Where commands print, and what they know of the outside; injected so that a command is driven in a test.

export interface Terminal {
  /** One line or block to standard output. */
  print(text: string): void;
  nowMs(): number;
}
