// Who asks the admin API, where a cluster can tell: tenants see and decide about the deliveries of Alerts in namespaces that they
// may, and learn of no others.

/** What somebody wants of the Alerts of a namespace: to see what became of messages, to send them again or stop them, to send. */
export type AdminVerb = 'get' | 'replay' | 'send';

/** Somebody with a name and with rights. */
export interface Visitor {
  readonly name: string;
  /** Without a namespace: in all of them. Rejects when nobody can tell now. */
  may(verb: AdminVerb, namespace?: string): Promise<boolean>;
}

/** Whoever knows people by their tokens. */
export interface Authority {
  /** undefined = the token is nobody's. Rejects when nobody can tell now. */
  visitorOf(token: string): Promise<Visitor | undefined>;
}
