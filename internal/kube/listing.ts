// Lists in pages, as of one moment.
import type { Api } from './api.ts';
import { isGone } from './kube-error.ts';
import { type Page, toPage } from './objects.ts';
import { toCall } from './paths.ts';
import type { KubeObject, Resource, Selection } from './ports.ts';

const PAGE = 500;

interface ListOptions {
  readonly signal: AbortSignal | undefined;
  readonly trim?: (object: KubeObject) => KubeObject;
}

/**
 * The pages of a list are kept by the API server for some minutes; when they are gone before the last one, everything is asked
 * for in one piece.
 */
export async function listAll(api: Api, resource: Resource, selection: Selection, options: ListOptions): Promise<Omit<Page, 'continue'>> {
  try {
    return await listPages(api, resource, selection, { ...options, limit: PAGE });
  } catch (error) {
    if (!isGone(error)) throw error;
    return listPages(api, resource, selection, options);
  }
}

async function listPages(
  api: Api,
  resource: Resource,
  selection: Selection,
  { signal, trim = (object) => object, limit }: ListOptions & { readonly limit?: number },
): Promise<Omit<Page, 'continue'>> {
  const call = toCall('list', resource, selection);
  const accept = selection.metadataOnly ? metadataAs('PartialObjectMetadataList') : undefined;
  const items: KubeObject[] = [];
  for (let next = ''; ; ) {
    const query = { labelSelector: selection.labelSelector, limit: limit?.toString(), continue: next };
    const answer = await api.send(call, { query, signal, ...(accept === undefined ? {} : { accept }) });
    const page = toPage(answer, resource, call);
    for (const item of page.items) items.push(trim(item));
    next = page.continue;
    if (next === '') return { items, resourceVersion: page.resourceVersion };
  }
}

/** Asks for metadata alone; a server that cannot do it sends the whole object. */
export function metadataAs(kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;
}
