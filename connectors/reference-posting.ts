import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import { isoTime } from '../runtime/clock.ts';
import { errorCode } from '../runtime/error-code.ts';
import type { Database } from '../storage/database.ts';
import type { SystemName } from './errors.ts';
import { SystemTimeoutError, SystemUnavailableError } from './errors.ts';
import type { ReadOptions } from './page.ts';
import type { Posting, PostingPort, SystemCommand } from './posting.ts';
import { RefusedError } from './reference-refusal.ts';

/** The table in which a reference system keeps what it did with every command, beside what the command changed. */
export interface PostingTables {
  readonly posting: {
    readonly transition_id: string;
    readonly plant_code: string;
    readonly command: string;
    /** The `Posting` as JSON. */
    readonly posting: string;
    readonly recorded_at: string;
  };
}

export async function createPostingTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('posting')
    .addColumn('transition_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('plant_code', 'text', (column) => column.notNull())
    .addColumn('command', 'text', (column) => column.notNull())
    .addColumn('posting', 'text', (column) => column.notNull())
    .addColumn('recorded_at', 'text', (column) => column.notNull())
    .execute();
}

/** What a reference system has done with a command: the version of what it changed, and what the port says of it. */
export interface Done {
  readonly version: string | null;
  readonly result: Readonly<Record<string, unknown>>;
}

export interface ReferencePostingOptions<Tables, Command extends SystemCommand> {
  readonly system: SystemName;
  readonly database: Database<Tables>;
  readonly clock: Clock;
  /**
   * Runs inside the transaction that also keeps the posting. It checks for itself, whatever has been checked before.
   * @throws RefusedError before it has changed anything
   */
  carryOut(tx: Transaction<Tables>, command: Command, recordedAt: string): Promise<Done>;
}

/**
 * The half of a reference system that changes state: a command and its posting are recorded in one transaction under the
 * transition id, so the same command again finds its posting and does nothing. Refusals are kept too.
 */
export function createReferencePosting<Tables extends PostingTables, Command extends SystemCommand>(
  options: ReferencePostingOptions<Tables, Command>,
): PostingPort<Command> {
  const { system, database, clock } = options;
  return {
    async post(command, signal) {
      if (signal.aborted) throw new SystemUnavailableError(system, { cause: signal.reason });
      const posted = database.write(async (tx) => {
        const known = await findPosting(tx, command.transitionId);
        if (known) return known;
        const recordedAt = isoTime(clock.now());
        const posting = await carryOut(options, tx, command, recordedAt);
        await keepPosting(tx, command, posting, recordedAt);
        return posting;
      });
      return untilAborted(translated(system, posted), signal, () => new SystemTimeoutError(system));
    },
    async postingOf(transitionId, _plantCode, signal) {
      const found = translated(system, findPosting(database.read, transitionId));
      return untilAborted(found, signal, () => new SystemUnavailableError(system));
    },
  };
}

/** Reads of a reference system fail like those of a system at the other end of a wire. */
export function createReferenceReads<Reads extends object>(system: SystemName, reads: Reads): Reads {
  const methods = Object.entries(reads) as [string, (...args: readonly unknown[]) => Promise<unknown>][];
  const wrapped = methods.map(([name, read]) => [
    name,
    async (...args: unknown[]) => {
      const { signal } = (args.find(isReadOptions) ?? {}) as ReadOptions;
      // A query of a database on this machine cannot be taken back; what waits for it need not begin.
      if (signal?.aborted) throw new SystemUnavailableError(system);
      const rows = await translated(system, read(...args));
      if (signal?.aborted) throw new SystemUnavailableError(system);
      return rows;
    },
  ]);
  return Object.fromEntries(wrapped) as Reads;
}

function isReadOptions(argument: unknown): argument is ReadOptions {
  return typeof argument === 'object' && argument !== null && 'signal' in argument;
}

async function carryOut<Tables, Command extends SystemCommand>(
  { system, carryOut }: ReferencePostingOptions<Tables, Command>,
  tx: Transaction<Tables>,
  command: Command,
  recordedAt: string,
): Promise<Posting> {
  try {
    const done = await carryOut(tx, command, recordedAt);
    return { status: 'POSTED', document: `${system}-${command.transitionId}`, recordedAt, ...done };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { code, message, remediation } = error;
    return { status: 'REFUSED', code, message, remediation };
  }
}

async function findPosting<Tables extends PostingTables>(db: Kysely<Tables>, transitionId: string) {
  // Kysely cannot reason about a table of a generic schema; every such schema has this one.
  const row = await (db as unknown as Kysely<PostingTables>)
    .selectFrom('posting')
    .select('posting')
    .where('transition_id', '=', transitionId)
    .executeTakeFirst();
  return row ? (JSON.parse(row.posting) as Posting) : null;
}

async function keepPosting<Tables extends PostingTables>(
  tx: Transaction<Tables>,
  command: SystemCommand,
  posting: Posting,
  recordedAt: string,
): Promise<void> {
  await (tx as unknown as Transaction<PostingTables>)
    .insertInto('posting')
    .values({
      transition_id: command.transitionId,
      plant_code: command.plantCode,
      command: command.name,
      posting: JSON.stringify(posting),
      recorded_at: recordedAt,
    })
    .execute();
}

/** The store's failures in the words of a system: by code, because a connector knows no other error of the store. */
async function translated<T>(system: SystemName, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'STORE_UNAVAILABLE') throw new SystemUnavailableError(system, { cause: error });
    if (code === 'COMMIT_OUTCOME_UNKNOWN') throw new SystemTimeoutError(system, { cause: error });
    throw error;
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, error: () => Error): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(error());
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
