import { type Kysely, sql } from 'kysely';
import type { EntityId } from './entity-ref.ts';
import { InvalidCursorError } from './errors.ts';
import type { Interlock, InterlockFilter, InterlockKind, NewInterlock } from './interlock.ts';
import type { Page } from './journal.ts';
import { knownRestrictions, type Restriction } from './restriction.ts';
import { listOf, type QueryRunner, statement } from './statement.ts';
import type { InterlockRow, JournalTables } from './tables.ts';

/** A lifted interlock becomes active again; one that is active stays as it is and returns no row. */
const upsertInterlock = statement<InterlockRow>(
  `insert into journal_interlock (id, kind, entity_id, plant_code, partner, cause, restrictions, reason, placed_at,
     placed_by, placed_by_transition)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
   on conflict (id) do update set kind = excluded.kind, plant_code = excluded.plant_code,
     partner = excluded.partner, restrictions = excluded.restrictions, reason = excluded.reason, placed_at = excluded.placed_at,
     placed_by = excluded.placed_by, placed_by_transition = excluded.placed_by_transition,
     lifted_at = null, lifted_by_transition = null
   where journal_interlock.lifted_at is not null
   returning *`,
);
/** What its placer has withdrawn is lifted by its placer; what a release has lifted stays lifted. */
const confirmInterlock = statement<InterlockRow>(
  `update journal_interlock set kind = $1, restrictions = $2, reason = $3, partner = $4, placed_by = $5,
     placed_by_transition = $6, lifted_at = null, lifted_by_transition = null
   where id = $7 and (lifted_at is null or lifted_by_transition = placed_by_transition)
   returning *`,
);
const findInterlock = statement<InterlockRow>('select * from journal_interlock where id = $1');
const liftByCause = statement<InterlockRow>(
  `update journal_interlock set lifted_at = $1, lifted_by_transition = $2 where cause = $3 and lifted_at is null
   returning *`,
);

const liftByPlacer = statement<InterlockRow>(
  `update journal_interlock set lifted_at = $1, lifted_by_transition = $2 where placed_by_transition = $2
     and lifted_at is null returning *`,
);

/**
 * Places an interlock. The row of a cause and an entity says what is true now: a cause that restricts again after it was
 * lifted takes the row over, and the earlier placing stays in the audit trail and in the events.
 */
export async function placeInterlock(tx: QueryRunner, interlock: NewInterlock, placedAt: string): Promise<Interlock> {
  const id = `${interlock.cause}/${interlock.entityId}`;
  const [placed] = await upsertInterlock(tx, [
    id,
    interlock.kind,
    interlock.entityId,
    interlock.plantCode,
    interlock.partner,
    interlock.cause,
    JSON.stringify(interlock.restrictions),
    interlock.reason,
    placedAt,
    interlock.placedBy,
    interlock.placedByTransition,
  ]);
  const row = placed ?? (await findInterlock(tx, [id]))[0];
  if (!row) throw new Error(`interlock ${id} was neither placed nor found`);
  return toInterlock(row);
}

/**
 * Makes the interlock the transition's own, whoever placed it first under the same cause: a refusal of that other one
 * withdraws only what is its own. What a release has lifted meanwhile stays lifted.
 */
export async function confirmPlacing(tx: QueryRunner, interlock: NewInterlock): Promise<void> {
  const { cause, entityId, kind, restrictions, reason, partner, placedBy, placedByTransition } = interlock;
  const id = `${cause}/${entityId}`;
  await confirmInterlock(tx, [kind, JSON.stringify(restrictions), reason, partner, placedBy, placedByTransition, id]);
}

export async function liftInterlocks(
  tx: QueryRunner,
  { cause, transitionId, liftedAt }: { cause: EntityId; transitionId: string; liftedAt: string },
): Promise<readonly Interlock[]> {
  return (await liftByCause(tx, [liftedAt, transitionId, cause])).map(toInterlock);
}

export async function withdrawInterlocks(
  tx: QueryRunner,
  { transitionId, liftedAt }: { transitionId: string; liftedAt: string },
): Promise<readonly Interlock[]> {
  return (await liftByPlacer(tx, [liftedAt, transitionId])).map(toInterlock);
}

/** Asked on every transition: one look into an index that holds only what is active. */
export async function activeInterlocks(
  runner: QueryRunner,
  entities: readonly EntityId[],
  restriction?: Restriction,
): Promise<readonly Interlock[]> {
  if (entities.length === 0) return [];
  const { text, parameters } = listOf(entities);
  const find = statement<InterlockRow>(
    `select * from journal_interlock where entity_id in ${text} and lifted_at is null order by placed_at, id`,
  );
  const active = (await find(runner, parameters)).map(toInterlock);
  return restriction ? active.filter((interlock) => interlock.restrictions.includes(restriction)) : active;
}

/** In the order of placing; `page.after` is the id of the last interlock that the reader has. */
export async function listInterlocks(
  read: Kysely<JournalTables>,
  filter: InterlockFilter,
  page: Page,
): Promise<readonly Interlock[]> {
  if (filter.plantCodes?.length === 0) return [];
  let query = read.selectFrom('journal_interlock').selectAll();
  if (filter.plantCodes) query = query.where('plant_code', 'in', [...filter.plantCodes]);
  if (filter.active !== undefined) query = query.where('lifted_at', filter.active ? 'is' : 'is not', null);
  if (filter.cause !== undefined) query = query.where('cause', '=', filter.cause);
  if (page.after !== undefined) {
    const [last] = await findInterlock(read, [page.after]);
    if (!last) throw new InvalidCursorError(page.after);
    query = query.where(sql<boolean>`(placed_at, id) > (${last.placed_at}, ${last.id})`);
  }
  return (await query.orderBy('placed_at').orderBy('id').limit(page.first).execute()).map(toInterlock);
}

function toInterlock(row: InterlockRow): Interlock {
  return {
    id: row.id,
    kind: row.kind as InterlockKind,
    entityId: row.entity_id as EntityId,
    plantCode: row.plant_code,
    partner: row.partner,
    cause: row.cause as EntityId,
    restrictions: knownRestrictions(JSON.parse(row.restrictions)),
    reason: row.reason,
    placedAt: row.placed_at,
    placedBy: row.placed_by,
    placedByTransition: row.placed_by_transition,
    liftedAt: row.lifted_at,
    liftedByTransition: row.lifted_by_transition,
  };
}
