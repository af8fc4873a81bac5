// What the Alerts of a folder that match an event would send, and why that would not work.
import { type Preview, type PreviewTools, previewMessage } from '../internal/preview/preview.ts';
import type { Event } from '../internal/event/event.ts';
import { combineMetadata } from '../internal/enrich/metadata.ts';
import { groupOf } from '../internal/event/metadata.ts';
import { explainEvent, tryRoute } from '../internal/routing/explain.ts';
import type { Route, Target } from '../internal/routing/route.ts';
import { toKey } from '../internal/sdk/target.ts';
import { egressFault, parseEgress } from '../internal/transport/egress.ts';
import type { OpenFolder } from './folder.ts';

/** A preview, and what to do where it shows a fault. */
export interface Outlook extends Preview {
  readonly hint?: string;
}

/** What certificates and every type may have in their Secret. */
const SHARED_KEYS = [
  'address',
  'proxy',
  'headers',
  'token',
  'username',
  'password',
  'ca.crt',
  'tls.crt',
  'tls.key',
  'caFile',
  'certFile',
  'keyFile',
];

export interface OutlookOptions {
  readonly folder: OpenFolder;
  readonly nowMs: number;
  readonly showPath: boolean;
  /** Variables of the process that types declare. */
  readonly environment: Readonly<Record<string, string>>;
}

/** One for each Alert that matches. */
export async function foresee(event: Event, options: OutlookOptions): Promise<readonly Outlook[]> {
  const { snapshot, context } = options.folder;
  const outlooks: Outlook[] = [];
  for (const { kind, route: ref } of explainEvent(event, snapshot, context)) {
    if (kind !== 'matched') continue;
    const route = snapshot.routes.get(toKey(ref));
    if (route !== undefined) outlooks.push(await foreseeRoute(event, route, options));
  }
  return outlooks;
}

async function foreseeRoute(event: Event, route: Route, options: OutlookOptions): Promise<Outlook> {
  const { snapshot, context } = options.folder;
  const { delivery } = tryRoute(event, route, snapshot, context);
  const target = snapshot.targets.get(route.targetKey);
  if (delivery === null || target === undefined) throw new TypeError('a Route that matched owes a delivery to its Target');
  const preview = await previewMessage({ event, target, alert: route, metadata: delivery.metadata }, toTools(options));
  return withHint(preview, target, options.folder);
}

/** What a Provider would send for the event, whatever the Alerts say of it. */
export async function foreseeProvider(event: Event, target: Target, options: OutlookOptions): Promise<Outlook> {
  const none = Object.create(null) as Record<string, string>;
  const { metadata } = combineMetadata({ event: event.flux.metadata, group: groupOf(event.subject.apiVersion), route: none, summary: '' });
  return withHint(await previewMessage({ event, target, metadata }, toTools(options)), target, options.folder);
}

function toTools({ folder, nowMs, showPath, environment }: OutlookOptions): PreviewTools {
  // Only what is refused everywhere: names are not resolved, and the flags of a server are not known.
  const policy = parseEgress({ deny: [], allow: [], denyLoopback: false });
  const own = { listeners: [], addresses: () => [], hostName: '' };
  const refuses = ({ hostname, port, protocol }: URL): string | undefined => {
    const name = hostname.replace(/^\[|\]$/g, '');
    const fault = egressFault({ name, port: Number(port) || (protocol === 'https:' ? 443 : 80) }, policy, own);
    return fault === undefined ? undefined : `${fault}; a server sends there only where --egress-allow permits it`;
  };
  return { resolve: (target) => folder.resolve(target), redactor: folder.redactor, environment, nowMs, showPath, refuses };
}

async function withHint(preview: Preview, target: Target, folder: OpenFolder): Promise<Outlook> {
  if (preview.fault?.reason !== 'config' || target.spec.secretRef === undefined || target.definition === null) return preview;
  const { namespace } = target.ref;
  const keys = await folder.secretKeys(namespace, target.spec.secretRef);
  if (keys === undefined) return preview;
  const known = Object.keys(target.definition.secret.shape);
  const foreign = keys.filter((key) => !known.includes(key) && !SHARED_KEYS.includes(key));
  const name = `the Secret ${namespace}/${target.spec.secretRef}`;
  const read = `type ${target.type} reads ${known.join(', ')}`;
  if (foreign.length > 0)
    return {
      ...preview,
      hint: `${name} has the key ${foreign.map((key) => JSON.stringify(key)).join(', ')}, which nothing reads; ${read}`,
    };
  return { ...preview, hint: `${name} has the keys ${keys.join(', ') || '(none)'}; ${read}` };
}
