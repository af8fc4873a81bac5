/** What is known of a cluster besides its objects. */
export interface ClusterFacts {
  /** undefined when nobody may tell. */
  readonly kinds: ReadonlySet<string> | undefined;
  /** As `namespace/name`: whether there are such Secrets could not be found out. */
  readonly unreadSecrets: ReadonlySet<string>;
}
