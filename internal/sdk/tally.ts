// Counting over several objects: the newest word of each member stands, in the store, until the whole is told.

/** The newest word of one member. */
export interface TallyWord {
  readonly member: string;
  /** As the dialect wrote it. */
  readonly word: string;
  /** Something more was to follow, and neither followed nor was overtaken. */
  readonly isOpen: boolean;
  /** The revision whose word overtook an open one. */
  readonly closedBy?: string;
}
