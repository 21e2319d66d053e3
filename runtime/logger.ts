import type { Clock } from './clock.ts';
import { isoTime } from './clock.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured logs: one event a line, named in words (`subgraph call failed`), with a correlation id wherever there is one,
 * and what went wrong as `cause`.
 */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** Errors become name, code, message and cause: `JSON.stringify` alone would print `{}`. */
function printable(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, code: 'code' in value ? value.code : undefined, message, stack, cause };
}

/** Writes JSON lines at `level` and above. */
export function createJsonLogger(clock: Clock, level: LogLevel, write: (line: string) => void): Logger {
  const threshold = order.indexOf(level);
  const at = (name: Exclude<LogLevel, 'silent'>) => (event: string, fields?: LogFields) => {
    if (order.indexOf(name) < threshold) return;
    write(`${JSON.stringify({ time: isoTime(clock.now()), level: name, event, ...fields }, printable)}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
