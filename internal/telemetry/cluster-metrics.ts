// Requests to the API server of the cluster and the election of a leader, under the names that notification-controller has from
// its framework.
import { Counter, Gauge, type Registry } from 'prom-client';

/** Has the shape that the Kubernetes client's observer asks for. */
export interface ClusterMetrics {
  /** `code` is the status, or `<error>` when there was no answer. */
  answered(request: { readonly method: string; readonly code: string; readonly host: string }): void;
  watchEnded(watch: { readonly plural: string; readonly cause: 'finished' | 'gone' | 'error' }): void;
  /** Whether this replica holds the lease of this name. */
  leads(lease: string, isLeader: boolean): void;
  /** A leader had to read the lease before it could renew it. */
  reread(lease: string): void;
}

/** Registers the metrics of a cluster; they have no series outside one. */
export function createClusterMetrics(registry: Registry): ClusterMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labelNames: ['code', 'method', 'host'],
    registers,
  });
  const watches = new Counter({
    name: 'tocsin_cluster_watches_ended_total',
    help: 'Watches of the API server that ended: as agreed, because their version was no longer kept, or with an error.',
    labelNames: ['resource', 'cause'],
    registers,
  });
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: 'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
    labelNames: ['name'],
    registers,
  });
  const rereads = new Counter({
    name: 'leader_election_slowpath_total',
    help: 'Total number of slow path exercised in renewing leader leases.',
    labelNames: ['name'],
    registers,
  });
  return {
    answered: ({ code, method, host }) => requests.inc({ code, method, host }),
    watchEnded: ({ plural, cause }) => watches.inc({ resource: plural, cause }),
    leads: (name, isLeader) => {
      leader.set({ name }, isLeader ? 1 : 0);
      rereads.inc({ name }, 0);
    },
    reread: (name) => rereads.inc({ name }),
  };
}
