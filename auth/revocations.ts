import { readFile } from 'node:fs/promises';
import { loggedReason } from '../runtime/logged-reason.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Timers } from '../runtime/timers.ts';
import { AuthConfigurationError } from './auth-configuration-error.ts';
import type { AuthConfig } from './config.ts';

/** How often the list is read again: the longest that a revocation goes unnoticed. */
const pollMs = 2_000;

/** What the claims of a token say about which token it is. */
export interface TokenIdentity {
  /** `sub` */
  readonly subject: string;
  /** `jti`, where the identity provider gives one */
  readonly tokenId: string | undefined;
  /** `iat`, milliseconds since the epoch; tokens without it count as issued long ago */
  readonly issuedAt: number | undefined;
}

/** Tokens that are taken back before they expire, and plants that are taken from who has one. */
export interface Revocations {
  /** Grows with each change: what was verified before counts no longer. */
  readonly version: number;
  isRevoked(token: TokenIdentity): boolean;
  /** The plants that the token's holder has lost. */
  withdrawnPlants(token: TokenIdentity): readonly string[];
  /** Calls `run` after each change. */
  onChange(run: () => void): void;
  close(): void;
}

interface Entry {
  readonly token?: string;
  readonly subject?: string;
  readonly before?: number;
  readonly plants?: readonly string[];
}

export interface RevocationsOptions {
  readonly file: string;
  readonly timers: Timers;
  readonly log: Logger;
}

/** What the environment names; no revocations where it names nothing. @throws AuthConfigurationError */
export async function readRevocations(
  { revocationsFile }: Pick<AuthConfig, 'revocationsFile'>,
  { timers, log }: Pick<RevocationsOptions, 'timers' | 'log'>,
): Promise<Revocations> {
  return revocationsFile === null ? noRevocations : createRevocations({ file: revocationsFile, timers, log });
}

export const noRevocations: Revocations = Object.freeze({
  version: 0,
  isRevoked: () => false,
  withdrawnPlants: () => [],
  onChange: () => undefined,
  close: () => undefined,
});

/**
 * Reads the list and follows it. A JSON array; each entry is one of
 *
 * - `{"token": "<jti>"}`: this token;
 * - `{"subject": "<sub>"}`: every token of this subject, with `"before": "<ISO 8601>"` those issued before;
 * - `{"subject": "<sub>", "plants": ["BER"]}`: its tokens no longer open these plants.
 *
 * A list that cannot be read later is said in the log, and the last good one stays in force.
 * @throws AuthConfigurationError it cannot be read at the start
 */
export async function createRevocations({ file, timers, log }: RevocationsOptions): Promise<Revocations> {
  let text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new AuthConfigurationError(`ANDON_REVOCATIONS: ${file} cannot be read. Correct the path or the file.`, {
      cause,
    });
  });
  let entries = readEntries(file, text);
  let version = 1;
  let unreadable = false;
  let isClosed = false;
  const listeners: (() => void)[] = [];

  async function look(): Promise<void> {
    const next = await readFile(file, 'utf8');
    unreadable = false;
    if (next === text) return;
    text = next;
    entries = readEntries(file, next);
    version += 1;
    log.info('auth revocations read', { entries: entries.length });
    for (const run of listeners) run();
  }

  function nextLook(): () => void {
    return timers.after(pollMs, () => {
      const failed = (cause: unknown) => {
        if (!unreadable) log.error('auth revocations unreadable', { file, ...loggedReason(cause) });
        unreadable = true;
      };
      void look()
        .catch(failed)
        .then(() => {
          if (!isClosed) cancel = nextLook();
        });
    });
  }

  let cancel = nextLook();
  const concerning = ({ subject, issuedAt = 0 }: TokenIdentity) =>
    entries.filter((entry) => entry.subject === subject && (entry.before === undefined || issuedAt < entry.before));
  return {
    get version() {
      return version;
    },
    isRevoked: (token) =>
      entries.some((entry) => entry.token !== undefined && entry.token === token.tokenId) ||
      concerning(token).some(({ plants }) => plants === undefined),
    withdrawnPlants: (token) => concerning(token).flatMap(({ plants = [] }) => plants),
    onChange: (run) => void listeners.push(run),
    close() {
      isClosed = true;
      cancel();
    },
  };
}

function readEntries(file: string, text: string): readonly Entry[] {
  const problem = (what: string) =>
    new AuthConfigurationError(`ANDON_REVOCATIONS: ${file} ${what} Write a JSON array; see docs/tokens.md.`);
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw problem('is not JSON.');
  }
  if (!Array.isArray(list)) throw problem('is no list.');
  return list.map((value: unknown, index) => {
    const entry = readEntry(value);
    if (!entry) throw problem(`has an entry that is none, number ${index + 1}.`);
    return entry;
  });
}

const known = new Set(['token', 'subject', 'before', 'plants']);

function readEntry(value: unknown): Entry | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).some((key) => !known.has(key)))
    return undefined;
  const { token, subject, before, plants } = value as Record<keyof Entry, unknown>;
  if (typeof token === 'string' && subject === undefined && before === undefined && plants === undefined) {
    return { token };
  }
  if (typeof subject !== 'string' || token !== undefined) return undefined;
  const instant = before === undefined ? undefined : Date.parse(String(before));
  if (instant !== undefined && Number.isNaN(instant)) return undefined;
  if (plants !== undefined && !(Array.isArray(plants) && plants.every((code) => typeof code === 'string'))) {
    return undefined;
  }
  return { subject, ...(instant !== undefined && { before: instant }), ...(plants !== undefined && { plants }) };
}
