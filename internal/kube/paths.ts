// Where a resource lies in the API, and which rule a request to it needs.
import type { Call } from './api.ts';
import { KubeError } from './kube-error.ts';
import type { Resource } from './ports.ts';

/** As RBAC names them; `watch` is a GET as well. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** What of a resource is meant: all of it, a namespace, an object, or a part of one. */
export interface Place {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

const METHODS = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
} as const satisfies Record<Verb, Call['method']>;

/** What nothing can be called, and what would make the path lead elsewhere: to a list, or a level up. */
const NO_NAMES: readonly (string | undefined)[] = ['', '.', '..'];

/** The call without query and body; throws the KubeError of an object that is not there when none can have this name. */
export function toCall(verb: Verb, resource: Resource, place: Place = {}): Call {
  const { group, plural } = resource;
  const { name, subresource } = place;
  const namespace = resource.namespaced ? place.namespace : undefined;
  const path = [namespace === undefined ? [] : ['namespaces', namespace], plural, name ?? [], subresource ?? []].flat();
  const kind = `${plural}${subresource === undefined ? '' : `/${subresource}`}`;
  const object = name === undefined ? '' : ` ${namespace === undefined ? name : `${namespace}/${name}`}`;
  const scope = name === undefined && namespace !== undefined ? ` in namespace ${namespace}` : '';
  const what = `${verb} ${group === '' ? kind : `${kind}.${group}`}${object}${scope}`;
  if (NO_NAMES.includes(namespace) || NO_NAMES.includes(name))
    throw new KubeError(`cannot ${what}: nothing can have this name`, { status: 404, reason: 'NotFound' });
  return {
    method: METHODS[verb],
    path: [apiRoot(resource), ...path.map(encodeURIComponent)].join('/'),
    what,
    rule: { group, resource: kind, verb, ...(namespace === undefined ? {} : { namespace }) },
  };
}

/** `/api/v1` for the core group, `/apis/<group>/<version>` for others. */
export function apiRoot({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** `v1` or `group/version`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
