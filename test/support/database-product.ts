// The real program on a PostgreSQL database: what tests of both need.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Product, startProduct } from './product.ts';
import { parseStore, tokenPath } from '../../cmd/store-location.ts';

export interface DatabaseProductOptions {
  /** Where manifests, log and home folder lie. */
  readonly directory: string;
  /** Tells replicas of one folder apart. */
  readonly name: string;
  /** What `--store` names. */
  readonly url: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The script to run; the unbuilt program when absent. */
  readonly program?: string;
}

/** Starts `tocsin serve` on `<directory>/manifests`; commands find its token with `HOME=<directory>/home`. */
export async function startDatabaseProduct(options: DatabaseProductOptions): Promise<Product> {
  const { directory, flags = [], name, program, url } = options;
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  const product = await startProduct({
    manifests: [],
    store: '',
    words: ['serve', '--manifests', join(directory, 'manifests'), '--store', url],
    logFile: join(directory, `${name}.log`),
    flags,
    program,
    env: { HOME: home, ...options.env },
  });
  return { ...product, admin: (path, token) => product.admin(path, token ?? readFileSync(tokenFileOf(home, url), 'utf8').trim()) };
}

function tokenFileOf(home: string, url: string): string {
  return join(home, '.tocsin', tokenPath(parseStore(url), {}).split('/').at(-1) ?? '');
}
