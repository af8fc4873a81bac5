// The sentences that Notices consist of; those of Flux are kept, people search for them.
import type { Event } from '../event/event.ts';
import type { Notice, Route } from './route.ts';

const LONGEST_QUOTE_CHARS = 300;

/** `Kind/namespace/name` */
export function subjectName({ subject }: Event): string {
  return `${subject.kind}/${subject.namespace}/${subject.name}`;
}

/** Text from outside in quotes, cut where it is long. */
export function quoted(text: string): string {
  return text.length > LONGEST_QUOTE_CHARS ? `"${text.slice(0, LONGEST_QUOTE_CHARS).toWellFormed()}…"` : `"${text}"`;
}

/** What the Alert is told when its Provider is not there. */
export function providerMissingNotice(event: Event, route: Route): Notice {
  const { name } = targetNames(route);
  return dispatchFailed(event, route, `failed to read provider: Provider.notification.toolkit.fluxcd.io "${name}" not found`);
}

/** What the Route's Target is called, also when there is none. */
export function targetNames({ targetKey }: Route): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = targetKey.split('/').slice(-2);
  return { namespace, name };
}

/** What the Alert is told when an object of another namespace is not its business. */
export function crossNamespaceNotice(event: Event, route: Route): Notice {
  const alert = `${route.ref.namespace}/${route.ref.name}`;
  const cause =
    `discarding event, access denied to cross-namespace sources: alert '${alert}' can't process event from ` +
    `'${subjectName(event)}', cross-namespace references have been blocked`;
  return dispatchFailed(event, route, cause);
}

/** What the Alert is told about metadata keys that several sources give. */
export function metadataConflictNotice(event: Event, route: Route, conflicts: Readonly<Record<string, string>>): Notice {
  return {
    route: route.ref,
    reason: 'MetadataAppendFailed',
    message: 'metadata key conflicts detected (please refer to the Alert API docs and Flux RFC 0008 for more information)',
    annotations: conflicts,
    subject: event.subject,
  };
}

function dispatchFailed(event: Event, route: Route, cause: string): Notice {
  return {
    route: route.ref,
    reason: 'NotificationDispatchFailed',
    message: `failed to dispatch notification for ${subjectName(event)}: ${cause}`,
    subject: event.subject,
  };
}
