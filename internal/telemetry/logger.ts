// Logging as notification-controller does it: one JSON object per line with level, ts, logger and msg first among equals.
// Every line passes the redactor before it is written.
import { type Logger as PinoLogger, pino } from 'pino';
import type { Clock, Logger } from '../sdk/ports.ts';
import type { Redactor } from '../sdk/transport.ts';

export interface LoggerOptions {
  /** trace, debug, info or error; anything else counts as info. */
  readonly level: string;
  /** `console` for people, anything else for JSON. */
  readonly encoding: string;
  readonly redactor: Redactor;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Takes one line with its line feed; standard output when absent. */
  readonly write?: (line: string) => void;
}

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'error'];

/** The root logger; parts get a child that carries their name as `logger`. */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => process.stdout.write(line));
  const destination = {
    write: (line: string) => {
      const clean = redactLine(line, options.redactor);
      write(options.encoding === 'console' ? toConsole(clean) : clean);
    },
  };
  return wrap(
    pino(
      {
        level: LEVELS.includes(options.level) ? options.level : 'info',
        base: null,
        messageKey: 'msg',
        timestamp: () => `,"ts":"${new Date(options.clock.nowMs()).toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: toErrorText, err: toErrorText },
      },
      destination,
    ),
  );
}

function wrap(logger: PinoLogger): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}

/** Message and causes of an error in one text; stacks name paths of the machine and are left out. */
function toErrorText(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const texts: string[] = [];
  let cause: unknown = error;
  while (cause instanceof Error && texts.length < 5) {
    texts.push(`${cause.name}: ${cause.message}`);
    cause = cause.cause;
  }
  return texts.join('; caused by ');
}

/** Redacts the whole line at once; where a secret looks like JSON's own characters or a number, value by value. */
function redactLine(line: string, redactor: Redactor): string {
  const clean = redactor.redact(line);
  if (clean === line || isLine(clean)) return clean;
  return `${JSON.stringify(redactValue(JSON.parse(line), redactor))}\n`;
}

function isLine(text: string): boolean {
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null && 'msg' in fields;
  } catch {
    // Not being JSON is the answer, not a failure.
    return false;
  }
}

function redactValue(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redactor));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [redactor.redact(key), redactValue(item, redactor)]));
  }
  const text = String(value);
  const clean = redactor.redact(text);
  return clean === text ? value : clean;
}

/** `ts LEVEL logger msg {fields}` with tabs between, as zap's console encoder prints. */
function toConsole(line: string): string {
  const { level, ts, logger, msg, ...fields } = JSON.parse(line) as Readonly<Record<string, string>>;
  const rest = Object.keys(fields).length === 0 ? [] : [JSON.stringify(fields)];
  const name = logger === undefined ? [] : [logger];
  return `${[ts, level?.toUpperCase(), ...name, msg, ...rest].join('\t')}\n`;
}
