// What the server writes into its cluster: Events on Alerts, and by the leader the status of Alerts and Providers.
import { randomUUID } from 'node:crypto';
import type { ClusterObject } from '../internal/config/cluster/ports.ts';
import type { ReadObject } from '../internal/config/cluster/read-object.ts';
import { type ClusterEvent, Reports } from '../internal/config/cluster/reports.ts';
import { StatusWriter } from '../internal/config/cluster/status.ts';
import { startElection } from '../internal/kube/election.ts';
import { createEventRecorder } from '../internal/kube/events.ts';
import type { KubeClient } from '../internal/kube/ports.ts';
import type { Snapshot } from '../internal/routing/route.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import type { Configuration, ConfigurationOptions } from './configuration.ts';
import type { ServeSettings } from './serve-flags.ts';
import { describeStore } from './store-location.ts';
import { systemClock } from './system-clock.ts';

/** notification-controller's own, so that Events and leaders of either are one thing during a switch. */
const COMPONENT = 'notification-controller';
const LEASE = 'notification-controller-leader-election';
const LAST_EVENTS_MS = 1_000;

export interface ClusterReportsOptions extends Pick<ConfigurationOptions, 'settings' | 'environment' | 'redactor' | 'metrics'> {
  readonly client: KubeClient;
  /** Where the lease lies. */
  readonly namespace: string | undefined;
  readonly snapshot: () => Snapshot | null;
  readonly log: Logger;
}

/** The part of a Configuration that tells instead of knowing. */
export interface ClusterReports extends Pick<Configuration, 'onNotice' | 'onFailure' | 'onEnded' | 'onVolatileStore' | 'onSettled'> {
  onRead(key: string, object: ClusterObject | null, read: ReadObject | null): void;
  /** Told, after each Snapshot, which Targets changed. */
  onTargets(changed: readonly string[]): void;
  close(): Promise<void>;
}

/** Starts taking part in the election, where one is asked for. */
export function startClusterReports(options: ClusterReportsOptions): ClusterReports {
  const { client, environment, log, redactor, settings, snapshot } = options;
  const redact = (text: string): string => redactor.redact(text);
  const recorder = createEventRecorder({ client, component: COMPONENT, clock: systemClock, random: Math.random, log });
  const record = (event: ClusterEvent): void => recorder.record(event);
  const election = startLeading(options, () => status.wake());
  const status = new StatusWriter({ cluster: client, isLeader: election.isLeader, redact, clock: systemClock, log });
  const reports = new Reports({ record, status, snapshot, redact });
  return {
    onRead: (key, object, read) => reports.read(key, object, read),
    onTargets: (changed) => reports.targetsChanged(changed),
    onNotice: (notice) => reports.noticed(notice),
    onSettled: ({ lease: { delivery }, settlement: { outcome, attempt } }) => {
      if (outcome.kind === 'delivered') reports.delivered(delivery);
      else if (attempt.outcome !== 'aborted' && outcome.reason !== 'suspended') reports.failed({ ...delivery, ...causeOf(outcome) });
    },
    onFailure: ({ delivery }, outcome, stage) => {
      if (outcome.kind !== 'delivered') reports.failedNotably({ ...delivery, ...causeOf(outcome) }, stage === 'ended');
    },
    onEnded: (end) => {
      if (end.state === 'dead') reports.failedNotably(end, true);
    },
    onVolatileStore: () => {
      const { podName, runtimeNamespace } = environment;
      if (podName !== undefined && runtimeNamespace !== undefined) record(toVolatile(settings, podName, runtimeNamespace));
    },
    close: async () => {
      status.stop();
      await Promise.all([recorder.stop(LAST_EVENTS_MS), election.stop()]);
    },
  };
}

function causeOf({ reason, message }: { readonly reason: string; readonly message: string }): { reason: string; message: string } {
  return { reason, message };
}

interface Leading {
  readonly isLeader: () => boolean;
  readonly stop: () => Promise<void>;
}

/** Without an election everybody who runs is the leader, as in notification-controller. */
function startLeading({ client, environment, log, metrics, namespace, settings }: ClusterReportsOptions, onLeading: () => void): Leading {
  const { enableLeaderElection, leaderElectionLeaseDuration, leaderElectionReleaseOnCancel } = settings;
  const { leaderElectionRenewDeadline, leaderElectionRetryPeriod } = settings;
  if (!enableLeaderElection || namespace === undefined) return { isLeader: () => true, stop: async () => undefined };
  metrics.leads(LEASE, false);
  const election = startElection({
    client,
    namespace,
    name: LEASE,
    identity: `${environment.podName ?? 'tocsin'}_${randomUUID()}`,
    leaseDurationMs: leaderElectionLeaseDuration,
    renewDeadlineMs: leaderElectionRenewDeadline,
    retryPeriodMs: leaderElectionRetryPeriod,
    releaseOnStop: leaderElectionReleaseOnCancel,
    onReread: () => metrics.reread(LEASE),
    onChange: (isLeader) => {
      metrics.leads(LEASE, isLeader);
      if (isLeader) onLeading();
    },
    clock: systemClock,
    random: Math.random,
    log,
  });
  return { isLeader: () => election.isLeader(), stop: () => election.stop() };
}

function toVolatile({ store }: Pick<ServeSettings, 'store'>, podName: string, namespace: string): ClusterEvent {
  return {
    object: { apiVersion: 'v1', kind: 'Pod', namespace, name: podName },
    type: 'Warning',
    reason: 'StoreNotPersistent',
    message: `the store ${describeStore(store)} is not on a persistent volume: messages that wait do not outlive this pod; mount a volume there`,
  };
}
