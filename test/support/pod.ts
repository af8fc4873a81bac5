// The built program as a pod would run it, without a container engine: nobody, on a read-only root with nothing of this
// machine in it but the runtime, a volume at /data or none, and the files of a service account where a kubelet puts them.
// Takes root, for mount namespaces.
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceAccountAccess } from './cluster.ts';
import { type Product, startProduct } from './product.ts';

const ROOT = join(import.meta.dirname, '../..');
const NOBODY = 65_534;

/** As a ReplicaSet would name it. */
export const POD_NAME = 'notification-controller-0';

/** Why a pod cannot be imitated here, or false. */
export function whyNoPod(): string | false {
  return process.getuid?.() === 0 ? false : 'needs root, for mount namespaces';
}

/** Builds the program into the folder as the image holds it. */
export function buildProgram(directory: string): string {
  const app = join(directory, 'app');
  execFileSync('npm', ['run', '--silent', 'build', '--', `--outdir=${app}`], { cwd: ROOT, stdio: 'inherit', timeout: 120_000 });
  execFileSync('chmod', ['-R', 'a+rX', app]);
  return app;
}

export interface PodOptions {
  /** What `buildProgram` returned. */
  readonly app: string;
  readonly account: ServiceAccountAccess;
  /** `https://host:port` of the API server. */
  readonly api: string;
  readonly namespace: string;
  /** The container's, as its Deployment has them. */
  readonly args: readonly string[];
  /** Whether a volume is mounted at /data. */
  readonly hasVolume: boolean;
}

/** The program and what it leaves on this machine. */
export interface Pod extends Product {
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

export async function startPod(options: PodOptions): Promise<Pod> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-pod-'));
  const [root, data] = [join(directory, 'root'), join(directory, 'data')];
  for (const folder of [root, data]) mkdirSync(folder);
  chownSync(data, NOBODY, NOBODY);
  const { hostname: host, port } = new URL(options.api);
  const product = await startProduct({
    manifests: [],
    store: options.hasVolume ? '/data/outbox.db' : '/tmp/tocsin/outbox.db',
    logFile: join(directory, 'log'),
    program: '/app/tocsin.js',
    isolatedFiles: true,
    wrapper: [
      'unshare',
      '-m',
      'sh',
      '-c',
      ENTER,
      'sh',
      root,
      options.app,
      options.account.mounted,
      options.hasVolume ? data : '',
      process.execPath,
    ],
    words: options.args,
    flags: ['--egress-allow=127.0.0.0/8'],
    env: { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, RUNTIME_NAMESPACE: options.namespace, HOSTNAME: POD_NAME },
  });
  return {
    ...product,
    remove: async () => {
      await product.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Arguments: the new root, the program's folder, the account's folder, the volume or nothing, the runtime; then the command. */
const ENTER = `
set -e
root=$1 app=$2 account=$3 volume=$4 runtime=$5
shift 5
mount -t tmpfs tmpfs "$root"
for name in bin sbin lib lib64 usr etc proc dev; do
  if [ -L "/$name" ]; then cp -P "/$name" "$root/$name"
  elif [ -d "/$name" ]; then mkdir "$root/$name" && mount --rbind "/$name" "$root/$name"
  fi
done
bind() { mkdir -p "$2" && mount --bind "$1" "$2"; }
bind "$app" "$root/app"
bind "$account" "$root/var/run/secrets/kubernetes.io/serviceaccount"
mkdir -p "$root/data" "$root/tmp" "$root/opt"
if [ -n "$volume" ]; then mount --bind "$volume" "$root/data"; fi
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
# Wherever it lies on this machine.
touch "$root/opt/node" && mount --bind "$runtime" "$root/opt/node"
shift
mount -o remount,ro "$root"
cd "$root"
exec chroot --userspec=${NOBODY}:${NOBODY} "$root" /opt/node "$@"
`;
