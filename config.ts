import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ConfigValueError, type GatewayConfig } from './gateway/config.ts';
import { readGatewayConfig } from './gateway/read-config.ts';
import type { CrashPoint } from './runtime/crash-points.ts';
import { crashPointNames } from './runtime/crash-points.ts';
import type { LogLevel } from './runtime/logger.ts';

/** What `andon up` reads from the environment. Everything has a default that works on a fresh clone. */
export interface AndonConfig {
  /** The gateway's options: from `andon.yaml`, and over them from `PORT`, `HOST`, `ANDON_ALLOWED_HOSTS` and `ANDON_ENGINE`. */
  readonly gateway: GatewayConfig;
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

const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

export interface ConfigSources {
  /** Path of `andon.yaml`. @default none: the gateway's defaults hold */
  readonly gatewayFile?: string | undefined;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/** @throws ConfigValueError naming the variable and what it may be; ConfigFileError naming file and line */
export function readConfig({ gatewayFile, env = process.env }: ConfigSources = {}): AndonConfig {
  return Object.freeze({
    gateway: readGateway(gatewayFile, env),
    dataDir: resolve(env['ANDON_DATA_DIR'] || '.andon'),
    databaseUrl: readDatabaseUrl(env['DATABASE_URL']),
    landscapeFile: env['ANDON_LANDSCAPE'] || 'landscape.yaml',
    journalRetentionDays: readRetention(env['ANDON_JOURNAL_RETENTION_DAYS']),
    logLevel: readLogLevel(env['LOG_LEVEL']),
    crashAt: readCrashAt(env['CRASH_AT']),
  });
}

/**
 * Dashboards of the same authority share one stream: the domain looks at roles, plants and partner, not at who asks. Its
 * transitions are known again by their key.
 */
function readGateway(file: string | undefined, env: NodeJS.ProcessEnv): GatewayConfig {
  const read = readGatewayConfig({ file, env });
  const allowedHosts = readAllowedHosts(env['ANDON_ALLOWED_HOSTS']);
  return Object.freeze({
    ...read,
    host: readHost(env['HOST']) ?? read.host,
    allowedHosts: allowedHosts.length > 0 ? allowedHosts : read.allowedHosts,
    subgraphs: Object.freeze({
      ...read.subgraphs,
      idempotencyKey: read.subgraphs.idempotencyKey ?? 'idempotencyKey',
    }),
    subscriptions: Object.freeze({ ...read.subscriptions, shareBy: 'authority' as const }),
  });
}

function readHost(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (isIP(text) !== 0 || isHostName(text)) return text;
  throw new ConfigValueError(
    `HOST must be an address of this machine, such as 127.0.0.1, ::1 or 0.0.0.0 for all of them; it is ${text}.`,
  );
}

function readAllowedHosts(text = ''): readonly string[] {
  const names = text.split(',').flatMap((name) => name.trim() || []);
  const wrong = names.find((name) => !isHostName(name) && isIP(name) === 0 && !/^\[[\da-f:.]+\]$/i.test(name));
  if (wrong === undefined) return names;
  throw new ConfigValueError(
    `ANDON_ALLOWED_HOSTS must be host names without scheme, port and path, such as andon.example.com, with commas between; "${wrong}" is none.`,
  );
}

/** RFC 1123, and the underscore that Windows and containers allow. Only digits and dots would be an address, and is none. */
function isHostName(text: string): boolean {
  const label = /^(?!-)[\w-]{1,63}(?<!-)$/;
  return text.length <= 253 && !/^[\d.]+$/.test(text) && text.split('.').every((one) => label.test(one));
}

/** What it is now is not said: it may hold a password. */
function readDatabaseUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new ConfigValueError(
    'DATABASE_URL must be an address like postgres://user:password@host:5432/database; special characters in the password are written as %40 for @.',
  );
}

function readRetention(text: string | undefined): number | null {
  if (!text) return 90;
  if (text === 'forever') return null;
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 36_500) return days;
  throw new ConfigValueError(
    `ANDON_JOURNAL_RETENTION_DAYS must be whole days from 1 to 36500, or forever; it is ${text}.`,
  );
}

function readLogLevel(text: string | undefined): LogLevel {
  if (!text) return 'warn';
  const level = logLevels.find((one) => one === text);
  if (level) return level;
  throw new ConfigValueError(`LOG_LEVEL must be one of ${logLevels.join(', ')}; it is ${text}.`);
}

function readCrashAt(text: string | undefined): AndonConfig['crashAt'] {
  if (!text) return undefined;
  const [point = '', occurrence = '1'] = text.split(':');
  if (point in crashPointNames && /^[1-9]\d*$/.test(occurrence))
    return { point: point as CrashPoint, occurrence: Number(occurrence) };
  throw new ConfigValueError(
    `CRASH_AT must be a crash point such as K9 or K9:3; known are ${Object.keys(crashPointNames).join(', ')}.`,
  );
}
