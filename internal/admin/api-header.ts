// How the admin API tells whoever asks that it is one.

/** Every answer carries it, so that another program on the port is not taken for a server. */
export const API_HEADER = 'Tocsin-Api';

/** Changes when commands of the version before could not read the answers. */
export const API_VERSION = 'v1';
