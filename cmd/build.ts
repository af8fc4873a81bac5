// How this program runs: unbuilt from TypeScript, or as the bundle, whose writer thread is a file beside it.
import type { Build } from './application.ts';

export const thisBuild: Build = import.meta.url.endsWith('.js') ? { workerUrl: new URL('./worker.js', import.meta.url) } : {};
