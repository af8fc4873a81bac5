// Credentials that stand in clear in an Alert or a Provider, where everybody who reads the repository has them. What is
// found is told by its field; the value is never repeated.
import type { FolderObject } from '../config/directory/read-folder.ts';
import type { ProviderDefinition } from '../sdk/provider.ts';
import { findingAt, type LintFinding, type Path } from './finding.ts';
import type { FolderIndex } from './folder-index.ts';

/** What vendors' tokens begin with, and a private key. */
const TOKEN =
  /\b(?:gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{16}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.)|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bShared(?:AccessKey|Secret)\w*=/;
const SECRET_PARAMETER = /(?:^|[_-])(?:token|secret|signature|sig|password|passwd|auth|api-?key|access-?key|key)$/i;
/** Room for free text; what is longer is no address and no name. */
const MAX_SCANNED_STRINGS = 500;
const IN_HISTORY = 'then replace the credential, since the history of the repository keeps it.';
const MOVE_ADDRESS = `Put the address into the key address of a Secret and name that in spec.secretRef; ${IN_HISTORY}`;
const MOVE_PROXY = `Put address, username and password into a Secret and name it in spec.proxySecretRef; ${IN_HISTORY}`;
const MOVE = `Put it into a Secret; ${IN_HISTORY}`;

/** Looks at every text of every Alert and Provider. */
export function findClearSecrets(index: FolderIndex): LintFinding[] {
  return [...index.alerts, ...index.providers].flatMap((object) => {
    const addressFindings = object.target === null ? [] : inAddresses(object);
    const told = new Set(addressFindings.map(({ field }) => field));
    const elsewhere = textsOf(object.raw['spec'], ['spec'])
      .filter(({ text }) => TOKEN.test(text))
      .map(({ path }) => warn(object, path, 'the text looks like a token or a key', MOVE))
      .filter(({ field }) => !told.has(field));
    return [...addressFindings, ...elsewhere];
  });
}

function inAddresses(object: FolderObject): LintFinding[] {
  const { spec, definition } = object.target ?? { spec: { type: '' }, definition: null };
  const findings: LintFinding[] = [];
  const message = reasonOf(spec.address ?? '', definition);
  if (message !== undefined) findings.push(warn(object, ['spec', 'address'], message, MOVE_ADDRESS));
  if (hasUserInfo(spec.proxy ?? '')) {
    findings.push(warn(object, ['spec', 'proxy'], 'the address of the proxy holds a user name or password', MOVE_PROXY));
  }
  return findings;
}

function warn(object: FolderObject, path: Path, message: string, hint: string): LintFinding {
  return findingAt(object, path, { rule: 'clear-secret', severity: 'warning', message: `${message} and stands in clear`, hint });
}

function reasonOf(address: string, definition: ProviderDefinition | null): string | undefined {
  const url = URL.parse(address);
  if (url === null) return undefined;
  if (hasUserInfo(address)) return 'the address holds a user name or password';
  const parameters = [...url.searchParams];
  const isGiven = ([name, value]: [string, string]) => value.length >= 8 && (SECRET_PARAMETER.test(name) || isLikeCredential(value));
  if (parameters.some(isGiven)) return 'the address holds a credential in its query';
  // Elsewhere a path names a repository or a service; the address of a chat's webhook is the permission to post there.
  const isWebhook = definition?.category === 'chat';
  return isWebhook && url.pathname.split('/').some(isLikeCredential) ? 'the address of a webhook is a credential' : undefined;
}

function hasUserInfo(address: string): boolean {
  const url = URL.parse(address);
  // The user of an SSH address is a name that everybody uses.
  return url !== null && (url.password !== '' || (url.username !== '' && /^https?:$/.test(url.protocol)));
}

/** Long, without the signs of words, and as mixed as chance makes it. */
function isLikeCredential(part: string): boolean {
  if (part.length < 16 || !/^[A-Za-z0-9_=-]+$/.test(part) || !/[A-Za-z]/.test(part)) return false;
  const digits = part.replace(/[^0-9]/g, '').length;
  return digits >= 4 || (digits >= 1 && /[a-z]/.test(part) && /[A-Z]/.test(part));
}

interface Text {
  readonly text: string;
  readonly path: Path;
}

function textsOf(root: unknown, rootPath: Path): Text[] {
  const texts: Text[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (texts.length >= MAX_SCANNED_STRINGS || path.length > 10) return;
    if (typeof value === 'string') texts.push({ text: value, path });
    else if (Array.isArray(value)) value.forEach((item: unknown, position) => visit(item, [...path, position]));
    else if (typeof value === 'object' && value !== null) for (const [key, field] of Object.entries(value)) visit(field, [...path, key]);
  };
  visit(root, rootPath);
  return texts;
}
