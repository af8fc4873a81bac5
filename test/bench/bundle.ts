// What the image runs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** Builds the bundle and returns the path of its program. */
export function buildBundle(): string {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  return join(ROOT, 'dist', 'tocsin.js');
}
