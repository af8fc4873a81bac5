// What people see in the cluster of what became of their messages: Kubernetes Events on Alerts, worded as notification-controller
// words them, and the status of Alerts and Providers. Nothing that is written holds the value of a Secret.
import type { ObjectReference } from '../../event/event.ts';
import type { Notice, Snapshot } from '../../routing/route.ts';
import { type ObjectRef, toKey } from '../../sdk/target.ts';
import { API_VERSIONS } from './kinds.ts';
import type { Blocker } from './object-status.ts';
import type { ClusterObject } from './ports.ts';
import type { ReadObject } from './read-object.ts';
import type { StatusWriter } from './status.ts';

/** Nothing was sent yet when these came up. */
const BEFORE_SENDING: readonly string[] = ['config', 'egress', 'target-gone'];

/** A Kubernetes Event as it is asked for; whoever writes it counts repetitions and keeps the API server from floods. */
export interface ClusterEvent {
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid?: string;
  };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One delivery, as far as it is told of. */
export interface Owed {
  readonly route: ObjectRef;
  readonly target: ObjectRef;
  readonly subject: Pick<ObjectReference, 'kind' | 'namespace' | 'name'>;
}

/** A try that failed. */
export interface Failure extends Owed {
  readonly reason: string;
  readonly message: string;
}

export interface ReportsOptions {
  readonly record: (event: ClusterEvent) => void;
  readonly status: Pick<StatusWriter, 'succeeded' | 'failed' | 'observe' | 'recheck'>;
  readonly snapshot: () => Snapshot | null;
  readonly redact: (text: string) => string;
}

/** Tells the cluster. */
export class Reports {
  readonly #options: ReportsOptions;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** An Alert or a Provider as it was read, by `Kind/namespace/name`; null = it is gone. */
  read(key: string, object: ClusterObject | null, read: ReadObject | null): void {
    const isSuspended = read?.route?.suspended ?? read?.target?.suspended ?? false;
    const targetKey = read?.route?.targetKey;
    this.#options.status.observe(key, object, {
      findings: read?.findings ?? [],
      isSuspended,
      ...(targetKey === undefined ? {} : { blocker: () => this.#missingProvider(targetKey) }),
    });
  }

  /** Providers came, changed or went: Alerts of their namespaces may serve now, or not any more. */
  targetsChanged(targetKeys: readonly string[]): void {
    if (targetKeys.length === 0) return;
    const namespaces = new Set(targetKeys.map(namespaceOf));
    this.#options.status.recheck(({ kind, namespace }) => kind === 'Alert' && namespaces.has(namespace));
  }

  #missingProvider(targetKey: string): Blocker | undefined {
    const snapshot = this.#options.snapshot();
    if (snapshot === null || snapshot.targets.has(targetKey)) return undefined;
    const name = targetKey.slice(targetKey.lastIndexOf('/') + 1);
    return {
      reason: 'ProviderNotFound',
      message: `There is no Provider ${name} in the namespace ${namespaceOf(targetKey)} that can be used.`,
    };
  }

  /** What deciding an event brought up. */
  noticed({ route, reason, message, annotations }: Notice): void {
    this.#tellAlert(route, { reason, message, annotations });
    if (reason === 'NotificationDispatchFailed') this.#options.status.failed(`Alert/${route.namespace}/${route.name}`, reason, message);
  }

  /** A message was taken. */
  delivered({ route, target }: Pick<Owed, 'route' | 'target'>): void {
    this.#options.status.succeeded(`Provider/${target.namespace}/${target.name}`);
    this.#options.status.succeeded(`Alert/${route.namespace}/${route.name}`);
  }

  /** A try failed; told in the status alone, since repetitions are no news. */
  failed({ route, target, reason, message }: Failure): void {
    const word = toWord(reason);
    this.#options.status.failed(`Provider/${target.namespace}/${target.name}`, word, message);
    this.#options.status.failed(`Alert/${route.namespace}/${route.name}`, word, message);
  }

  /** A try failed for the first time, or a message was given up. */
  failedNotably(failure: Failure, isGivenUp: boolean): void {
    const { route, target, subject, reason, message } = failure;
    const about = `${subject.kind}/${subject.namespace}/${subject.name}`;
    const cause = BEFORE_SENDING.includes(reason)
      ? `failed to dispatch notification for ${about}: failed to initialize notifier for provider '${target.name}': ${message}`
      : `failed to send notification for ${about}: ${message}`;
    this.#tellAlert(route, {
      reason: 'NotificationDispatchFailed',
      message: isGivenUp ? `${cause} (given up: it is a dead letter)` : cause,
    });
  }

  #tellAlert(route: ObjectRef, { reason, message, annotations }: Told): void {
    const { record, redact, snapshot } = this.#options;
    const apiVersion = snapshot()?.routes.get(toKey(route))?.object.apiVersion ?? API_VERSIONS[0];
    record({
      object: { apiVersion, kind: 'Alert', namespace: route.namespace, name: route.name, ...(route.uid === '' ? {} : { uid: route.uid }) },
      type: 'Warning',
      reason,
      message: redact(message),
      ...(annotations === undefined ? {} : { annotations }),
    });
  }
}

/** The namespace of `dialect/tenant/namespace/name`. */
function namespaceOf(key: string): string {
  return key.split('/')[2] ?? '';
}

interface Told {
  readonly reason: string;
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** `rate-limited` → `RateLimited`: what a condition may have as its reason. */
function toWord(reason: string): string {
  const word = reason.replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return /^[A-Za-z]/.test(word) ? word : 'Failed';
}
