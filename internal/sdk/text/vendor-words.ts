// Quoting what a vendor answered, which may repeat the credential that it was sent.
import type { ResolvedConfig } from '../provider.ts';
import { cutChars } from './cut.ts';
import { firstLine } from './object-name.ts';

const MAX_CHARS = 200;
const HIDDEN = '*****';

/** The first line of a vendor's text at readable length, without any secret of the configuration. */
export function vendorWords(text: string, config: ResolvedConfig): string {
  const secrets = [config.token, config.password, ...Object.values(config.secret), ...Object.values(config.headers)]
    .filter((secret) => secret.trim() !== '')
    .toSorted((a, b) => b.length - a.length);
  const hidden = secrets.reduce((result, secret) => result.replaceAll(secret, HIDDEN), text);
  return cutChars(firstLine(hidden).trim(), MAX_CHARS);
}
