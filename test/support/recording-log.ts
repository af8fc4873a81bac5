// The Logger port as a list of what was logged.
import type { LogFields, Logger } from '../../internal/sdk/ports.ts';

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

export interface RecordingLog extends Logger {
  readonly entries: readonly LogEntry[];
  /** `level message` of everything above debug. */
  lines(): readonly string[];
}

/** A logger that keeps everything. */
export function createRecordingLog(entries: LogEntry[] = [], inherited: LogFields = {}): RecordingLog {
  const at = (level: LogEntry['level']) => (fields: LogFields, message: string) => {
    entries.push({ level, message, fields: { ...inherited, ...fields } });
  };
  return {
    entries,
    lines: () => entries.filter((entry) => entry.level !== 'debug').map((entry) => `${entry.level} ${entry.message}`),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => createRecordingLog(entries, { ...inherited, ...fields }),
  };
}
