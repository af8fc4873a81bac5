// As much of what `flux bootstrap` writes into flux-system/gotk-components.yaml as concerns notification-controller: names,
// ports, flags and rights that a replacement meets.

const NAME = 'notification-controller';
const NAMESPACE = 'flux-system';
const LABELS = { 'app.kubernetes.io/component': NAME, 'app.kubernetes.io/instance': NAMESPACE, 'app.kubernetes.io/part-of': 'flux' };

const IMAGE = 'ghcr.io/fluxcd/notification-controller';

/** The objects, as one List. */
export function fluxComponents(): object {
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [account(), role(), binding(), service(NAME, 'http'), service('webhook-receiver', 'http-webhook'), deployment()],
  };
}

function account(): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS } };
}

/** One role for all of Flux's controllers. */
function role(): object {
  const groups = ['source', 'kustomize', 'helm', 'notification', 'image'].map((group) => `${group}.toolkit.fluxcd.io`);
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `crd-controller-${NAMESPACE}`, labels: LABELS },
    rules: [
      ...[...groups, 'source.extensions.fluxcd.io'].map((group) => ({ apiGroups: [group], resources: ['*'], verbs: ['*'] })),
      { apiGroups: [''], resources: ['namespaces', 'secrets', 'configmaps', 'serviceaccounts'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
      },
    ],
  };
}

function binding(): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `crd-controller-${NAMESPACE}`, labels: LABELS },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `crd-controller-${NAMESPACE}` },
    subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }],
  };
}

function service(name: string, targetPort: string): object {
  const spec = { type: 'ClusterIP', selector: { app: NAME }, ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE, labels: LABELS }, spec };
}

function deployment(): object {
  const metadata = { labels: { app: NAME, ...LABELS } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: { replicas: 1, selector: { matchLabels: { app: NAME } }, template: { metadata, spec: podSpec() } },
  };
}

function podSpec(): object {
  return {
    serviceAccountName: NAME,
    terminationGracePeriodSeconds: 10,
    securityContext: { fsGroup: 1337 },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    volumes: [{ name: 'temp', emptyDir: {} }],
    containers: [container()],
  };
}

function container(): object {
  return {
    name: 'manager',
    image: `${IMAGE}:v1.9.3`,
    imagePullPolicy: 'IfNotPresent',
    args: ['--watch-all-namespaces=true', '--log-level=info', '--log-encoding=json', '--enable-leader-election'],
    env: [{ name: 'RUNTIME_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
    ports: [
      { containerPort: 9090, name: 'http', protocol: 'TCP' },
      { containerPort: 9292, name: 'http-webhook', protocol: 'TCP' },
      { containerPort: 8080, name: 'http-prom', protocol: 'TCP' },
      { containerPort: 9440, name: 'healthz', protocol: 'TCP' },
    ],
    livenessProbe: { httpGet: { path: '/healthz', port: 'healthz' } },
    readinessProbe: { httpGet: { path: '/readyz', port: 'healthz' } },
    resources: { limits: { cpu: '1000m', memory: '1Gi' }, requests: { cpu: '100m', memory: '64Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [{ mountPath: '/tmp', name: 'temp' }],
  };
}
