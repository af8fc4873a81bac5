// For commands that report what is wrong themselves.
import type { Logger } from '../internal/sdk/ports.ts';

function ignore(): void {}

/** Says nothing. */
export const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => SILENT };
