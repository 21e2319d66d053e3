import { SystemTimeoutError, SystemUnavailableError } from '../connectors/errors.ts';
import { type EntityId, entityId, plantId } from '../journal/entity-ref.ts';
import type { Interlock } from '../journal/interlock.ts';
import type { Journal, JournalTransaction } from '../journal/journal.ts';
import { isoTime } from '../runtime/clock.ts';
import { loggedReason } from '../runtime/logged-reason.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { RecordedRestriction, RestrictionSource, Subgraph } from './subgraph.ts';

export interface RestoreOptions {
  readonly journal: Journal;
  readonly runtime: Pick<Runtime, 'clock' | 'ids' | 'log' | 'timers'>;
  readonly plantCodes: readonly string[];
}

/** What goes on until every system has been read. */
export interface Restoring {
  /** Which systems have not been read yet, in a sentence; undefined when all have been. */
  unread(): string | undefined;
  /** Ends the reading, after the round that is running. */
  stop(): Promise<void>;
}

/** Entities that are asked about at once: every dialect binds so many values. */
const askedAtOnce = 500;
/** A system that says nothing for so long counts as away. */
const readTimeoutMs = 10_000;
/** First wait before a system is read again, and the longest; every round in vain doubles it. */
const retryDelaysMs = { first: 500, longest: 30_000 };

/**
 * Places every interlock again that the journal lacks although its cause stands in a system of record: a journal that was
 * restored from an older backup must not let out what is held. To be done before anybody is let in.
 *
 * An interlock is placed before the system is told of its cause, and lifted after the system has let go of it. So one that
 * is missing while its cause stands before and after the look into the journal is really missing, whatever other
 * processes are doing meanwhile.
 *
 * A plant whose system cannot be read may have anything held in it, and nobody knows what. So an interlock on the plant itself
 * stands for all of that, from before anybody is let in until the system has been read: by this process, or, as the journal
 * has it, by whichever reads it first.
 */
export async function restoreInterlocks(subgraphs: readonly Subgraph[], options: RestoreOptions): Promise<Restoring> {
  const sources = subgraphs.flatMap(({ name, restrictions }) =>
    restrictions ? options.plantCodes.map((plantCode) => ({ subgraph: name, plantCode, ...restrictions })) : [],
  );
  let unread = await readAll(sources, options);
  for (const source of unread) await lock(source, options);
  const stop = new AbortController();
  const reading = (async () => {
    let delayMs = retryDelaysMs.first;
    for (;;) {
      await options.runtime.timers.sleep(delayMs, stop.signal);
      if (stop.signal.aborted) return;
      delayMs = Math.min(delayMs * 2, retryDelaysMs.longest);
      unread = await readLocked(sources, options).catch((error: unknown) => {
        options.runtime.log.error('interlocks not restored', loggedReason(error));
        return unread;
      });
    }
  })();
  return {
    unread: () => (unread.length === 0 ? undefined : `${unread.map(inWords).join(', ')} not read: locked until then`),
    async stop() {
      stop.abort();
      await reading;
    },
  };
}

interface Source extends RestrictionSource {
  readonly subgraph: string;
  readonly plantCode: string;
}

const inWords = ({ system, plantCode }: Source) => `${system} of ${plantCode}`;
const lockOf = ({ system, plantCode }: Source) => entityId(plantCode, 'system', system);

/** @returns those that could not be read */
async function readAll(sources: readonly Source[], options: RestoreOptions): Promise<readonly Source[]> {
  const isRead = await Promise.all(sources.map((source) => isRestored(source, options)));
  return sources.filter((_, index) => !isRead[index]);
}

/** Another process may have locked a plant, or have read what this one could not. @returns what is still locked */
async function readLocked(sources: readonly Source[], options: RestoreOptions): Promise<readonly Source[]> {
  const locks = await options.journal.interlocks.active([
    ...new Set(sources.map(({ plantCode }) => plantId(plantCode))),
  ]);
  const locked = sources.filter((source) => locks.some(({ cause }) => cause === lockOf(source)));
  return readAll(locked, options);
}

/** @returns false when the system cannot be read now */
async function isRestored(source: Source, options: RestoreOptions): Promise<boolean> {
  const { journal, runtime } = options;
  try {
    const missing = await missingOf(journal, await read(source, options));
    if (missing.length > 0) {
      const standing = new Set((await read(source, options)).map(idOf));
      const confirmed = missing.filter((one) => standing.has(idOf(one)));
      const { subgraph } = source;
      for (const [cause, lost] of groupByCause(confirmed)) await restore({ subgraph, cause, lost }, options);
    }
  } catch (error) {
    if (!(error instanceof SystemUnavailableError || error instanceof SystemTimeoutError)) throw error;
    const { subgraph, plantCode } = source;
    runtime.log.warn('plant system unread', { subgraph, plantCode, ...loggedReason(error) });
    return false;
  }
  await unlock(source, options);
  return true;
}

async function read(source: Source, { runtime }: RestoreOptions): Promise<readonly RecordedRestriction[]> {
  const answered = new AbortController();
  const late = runtime.timers.sleep(readTimeoutMs, answered.signal).then(() => {
    throw new SystemTimeoutError(source.system);
  });
  late.catch(() => undefined);
  return Promise.race([source.read(source.plantCode), late]).finally(() => answered.abort());
}

async function lock(source: Source, { journal, runtime }: RestoreOptions): Promise<void> {
  const { system, plantCode, forbids } = source;
  const transitionId = runtime.ids.next();
  const interlock = {
    kind: 'SYSTEM_UNREAD',
    entityId: plantId(plantCode),
    plantCode,
    partner: null,
    cause: lockOf(source),
    restrictions: forbids,
    reason: `That nobody can read what the ${system} of plant ${plantCode} has on hold`,
    placedBy: 'andon',
  } as const;
  await journal.write(async (tx) => {
    await tx.place({ ...interlock, placedByTransition: transitionId });
    await audit(tx, {
      transitionId,
      cause: interlock.cause,
      lost: [interlock],
      occurredAt: isoTime(runtime.clock.now()),
      reason: 'The system could not be read at the start: what it has on hold is not known.',
    });
  });
}

/** Whoever placed it may be gone: a system that has been read is not unread for anybody. */
async function unlock(source: Source, { journal, runtime }: RestoreOptions): Promise<void> {
  const { subgraph, plantCode } = source;
  const cause = lockOf(source);
  const standing = await journal.interlocks.active([plantId(plantCode)]);
  if (!standing.some((one) => one.cause === cause)) return;
  const transitionId = runtime.ids.next();
  await journal.write(async (tx) => {
    const lost = await tx.lift(cause, transitionId);
    const occurredAt = isoTime(runtime.clock.now());
    await audit(tx, { transitionId, cause, lost, occurredAt, reason: 'The system has been read again.' });
  });
  runtime.log.warn('plant system read', { subgraph, plantCode, transitionId });
}

const idOf = ({ cause, entityId }: Pick<Interlock, 'cause' | 'entityId'>) => `${cause}/${entityId}`;

async function missingOf(
  journal: Journal,
  recorded: readonly RecordedRestriction[],
): Promise<readonly RecordedRestriction[]> {
  const entities = [...new Set(recorded.map(({ entityId }) => entityId))];
  const placed = new Set<string>();
  for (let start = 0; start < entities.length; start += askedAtOnce) {
    const active = await journal.interlocks.active(entities.slice(start, start + askedAtOnce));
    for (const interlock of active) placed.add(idOf(interlock));
  }
  return recorded.filter((one) => !placed.has(idOf(one)));
}

function groupByCause(recorded: readonly RecordedRestriction[]): ReadonlyMap<EntityId, readonly RecordedRestriction[]> {
  const byCause = new Map<EntityId, readonly RecordedRestriction[]>();
  for (const one of recorded) byCause.set(one.cause, [...(byCause.get(one.cause) ?? []), one]);
  return byCause;
}

interface Loss {
  readonly subgraph: string;
  readonly cause: EntityId;
  readonly lost: readonly RecordedRestriction[];
}

async function restore({ subgraph, cause, lost }: Loss, { journal, runtime }: RestoreOptions): Promise<void> {
  const transitionId = runtime.ids.next();
  const entities = lost.map(({ entityId }) => entityId);
  await journal.write(async (tx) => {
    for (const one of lost) await tx.place({ ...one, placedByTransition: transitionId });
    await audit(tx, {
      transitionId,
      cause,
      lost,
      occurredAt: isoTime(runtime.clock.now()),
      reason: 'The cause stands in its system of record; the journal had no interlock for it.',
    });
  });
  runtime.log.warn('interlocks restored', { subgraph, cause, entities, transitionId });
}

interface Entry extends Pick<Loss, 'cause' | 'lost'> {
  readonly transitionId: string;
  readonly occurredAt: string;
  readonly reason: string;
}

async function audit(tx: JournalTransaction, { transitionId, cause, lost, occurredAt, reason }: Entry): Promise<void> {
  await tx.audit({
    occurredAt,
    transitionId,
    transition: 'restoreInterlocks',
    outcome: 'ACCEPTED',
    entityId: cause,
    plantCode: lost[0]?.plantCode ?? '',
    actorId: 'andon',
    actorName: 'Andon',
    actorKind: 'SERVICE',
    reasonCode: null,
    reasonText: reason,
    correlationId: transitionId,
    causationId: null,
    fromState: null,
    toState: null,
    details: { interlocks: lost.map(({ entityId, restrictions }) => ({ entityId, restrictions })) },
  });
}
