// `--watch-all-namespaces=false`: objects of other namespaces are as if they were not there.
import type { ManifestDialect } from '../internal/config/manifest.ts';

/** The dialect for one namespace only. */
export function inNamespace(dialect: ManifestDialect, namespace: string): ManifestDialect {
  return {
    claims: (object) => dialect.claims(object),
    translate: (object) =>
      object.metadata.namespace === namespace ? dialect.translate(object) : { route: null, target: null, findings: [] },
  };
}
