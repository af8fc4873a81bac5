// The kinds that configure Tocsin, as an API server may serve them.

/** The API group of Alerts, Providers and Receivers. */
export const GROUP = 'notification.toolkit.fluxcd.io';

/** Whichever the installed CRD serves is read; the one that Flux stores first. */
export const API_VERSIONS = [`${GROUP}/v1beta3`, `${GROUP}/v1`, `${GROUP}/v1beta2`, `${GROUP}/v1beta1`] as const;
