// The kinds of objects that Flux's CRDs let an Alert name, as an API server knows them.
import type { FLUX_SOURCE_KINDS } from '../../dialects/flux/schema.ts';

type SourceKind = (typeof FLUX_SOURCE_KINDS)[number];

/** Where each of them is served. */
export const SOURCES: Readonly<Record<SourceKind, readonly [group: string, plural: string]>> = {
  Bucket: ['source.toolkit.fluxcd.io', 'buckets'],
  GitRepository: ['source.toolkit.fluxcd.io', 'gitrepositories'],
  Kustomization: ['kustomize.toolkit.fluxcd.io', 'kustomizations'],
  HelmRelease: ['helm.toolkit.fluxcd.io', 'helmreleases'],
  HelmChart: ['source.toolkit.fluxcd.io', 'helmcharts'],
  HelmRepository: ['source.toolkit.fluxcd.io', 'helmrepositories'],
  ImageRepository: ['image.toolkit.fluxcd.io', 'imagerepositories'],
  ImagePolicy: ['image.toolkit.fluxcd.io', 'imagepolicies'],
  ImageUpdateAutomation: ['image.toolkit.fluxcd.io', 'imageupdateautomations'],
  OCIRepository: ['source.toolkit.fluxcd.io', 'ocirepositories'],
  ArtifactGenerator: ['source.extensions.fluxcd.io', 'artifactgenerators'],
  ExternalArtifact: ['source.toolkit.fluxcd.io', 'externalartifacts'],
};
