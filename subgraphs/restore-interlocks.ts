import type { EntityId } from '../journal/entity-ref.ts';
import type { Interlock } from '../journal/interlock.ts';
import type { Journal, JournalTransaction } from '../journal/journal.ts';
import { isoTime } from '../runtime/clock.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { RecordedRestriction, Subgraph } from './subgraph.ts';

export interface RestoreOptions {
  readonly journal: Journal;
  readonly runtime: Pick<Runtime, 'clock' | 'ids' | 'log'>;
}

/** Entities that are asked about at once: every dialect binds so many values. */
const askedAtOnce = 500;

/**
 * Places every interlock again that the journal lacks although its cause stands in a system of record: a journal that was
 * restored from an older backup must not let out what is held. To be done before anybody is let in.
 *
 * An interlock is placed before the system is told of its cause, and lifted after the system has let go of it. So one that
 * is missing while its cause stands before and after the look into the journal is really missing, whatever other
 * processes are doing meanwhile.
 *
 * @throws SystemUnavailableError what is held cannot be read, so nobody may be let in
 */
export async function restoreInterlocks(subgraphs: readonly Subgraph[], options: RestoreOptions): Promise<void> {
  for (const { name, restrictions } of subgraphs) {
    if (!restrictions) continue;
    const missing = await missingOf(options.journal, await restrictions());
    if (missing.length === 0) continue;
    const standing = new Set((await restrictions()).map(idOf));
    const confirmed = missing.filter((one) => standing.has(idOf(one)));
    for (const [cause, lost] of groupByCause(confirmed)) await restore({ subgraph: name, cause, lost }, options);
  }
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
    await audit(tx, { transitionId, cause, lost, occurredAt: isoTime(runtime.clock.now()) });
  });
  runtime.log.warn('interlocks_restored', { subgraph, cause, entities, transitionId });
}

async function audit(
  tx: JournalTransaction,
  {
    transitionId,
    cause,
    lost,
    occurredAt,
  }: Pick<Loss, 'cause' | 'lost'> & { transitionId: string; occurredAt: string },
): Promise<void> {
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
    reasonText: 'The cause stands in its system of record; the journal had no interlock for it.',
    correlationId: transitionId,
    causationId: null,
    fromState: null,
    toState: null,
    details: { interlocks: lost.map(({ entityId, restrictions }) => ({ entityId, restrictions })) },
  });
}
