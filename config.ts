import { resolve } from 'node:path';
import { type EngineChoice, readEngineChoice } from './gateway/config.ts';
import type { CrashPoint } from './runtime/crash-points.ts';
import { crashPointNames } from './runtime/crash-points.ts';
import type { LogLevel } from './runtime/logger.ts';

/** What `andon up` reads from the environment. Everything has a default that works on a fresh clone. */
export interface AndonConfig {
  /** TCP port of the gateway; 0 takes a free one. `PORT` @default 4000 */
  readonly port: number;
  /** Address that the gateway listens on. `HOST` @default 127.0.0.1 */
  readonly host: string;
  /** Further names that clients may reach it by, with commas between, as behind a proxy. `ANDON_ALLOWED_HOSTS` @default none */
  readonly allowedHosts: readonly string[];
  /** What plans and runs operations: see the gateway's configuration. `ANDON_ENGINE` @default auto */
  readonly engine: EngineChoice;
  /** Where the embedded stores and the development keys live. `ANDON_DATA_DIR` @default .andon */
  readonly dataDir: string;
  /** PostgreSQL to use instead of embedded SQLite. `DATABASE_URL` @default unset */
  readonly databaseUrl: string | undefined;
  /** Which connectors speak to which systems. `ANDON_LANDSCAPE` @default landscape.yaml */
  readonly landscapeFile: string;
  /** Days for which events are kept; null: for ever. `ANDON_JOURNAL_RETENTION_DAYS` @default 90 */
  readonly journalRetentionDays: number | null;
  /** Least severe log line that is written to stderr. `LOG_LEVEL` @default warn */
  readonly logLevel: LogLevel;
  /** Test only: kill the process at a named point, `K9` or `K9:3` for the third time. `CRASH_AT` @default unset */
  readonly crashAt: { readonly point: CrashPoint; readonly occurrence: number } | undefined;
}

/** A variable of the environment has a value that cannot be used. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';

  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** @throws ConfigError naming the variable and what it may be */
export function readConfig(env: NodeJS.ProcessEnv = process.env): AndonConfig {
  return Object.freeze({
    port: readPort(env['PORT']),
    host: env['HOST'] || '127.0.0.1',
    allowedHosts: (env['ANDON_ALLOWED_HOSTS'] ?? '').split(',').flatMap((name) => name.trim() || []),
    engine: readEngineChoice(env['ANDON_ENGINE']) ?? 'auto',
    dataDir: resolve(env['ANDON_DATA_DIR'] || '.andon'),
    databaseUrl: readDatabaseUrl(env['DATABASE_URL']),
    landscapeFile: env['ANDON_LANDSCAPE'] || 'landscape.yaml',
    journalRetentionDays: readRetention(env['ANDON_JOURNAL_RETENTION_DAYS']),
    logLevel: readLogLevel(env['LOG_LEVEL']),
    crashAt: readCrashAt(env['CRASH_AT']),
  });
}

function readPort(text: string | undefined): number {
  if (!text) return 4000;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigError(`PORT must be a number from 0 to 65535; it is ${text}.`);
}

/** What it is now is not said: it may hold a password. */
function readDatabaseUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new ConfigError(
    'DATABASE_URL must be an address like postgres://user:password@host:5432/database; special characters in the password are written as %40 for @.',
  );
}

function readRetention(text: string | undefined): number | null {
  if (!text) return 90;
  if (text === 'forever') return null;
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 36_500) return days;
  throw new ConfigError(`ANDON_JOURNAL_RETENTION_DAYS must be whole days from 1 to 36500, or forever; it is ${text}.`);
}

function readLogLevel(text: string | undefined): LogLevel {
  if (!text) return 'warn';
  const level = logLevels.find((one) => one === text);
  if (level) return level;
  throw new ConfigError(`LOG_LEVEL must be one of ${logLevels.join(', ')}; it is ${text}.`);
}

function readCrashAt(text: string | undefined): AndonConfig['crashAt'] {
  if (!text) return undefined;
  const [point = '', occurrence = '1'] = text.split(':');
  if (point in crashPointNames && /^[1-9]\d*$/.test(occurrence))
    return { point: point as CrashPoint, occurrence: Number(occurrence) };
  throw new ConfigError(
    `CRASH_AT must be a crash point such as K9 or K9:3; known are ${Object.keys(crashPointNames).join(', ')}.`,
  );
}
