import type { Kysely, Transaction } from 'kysely';
import type { Ids } from '../runtime/ids.ts';
import type { Database } from './database.ts';
import { StoresDoNotBelongTogetherError } from './errors.ts';
import type { MigrationSet } from './migrate.ts';

interface InstallationTables {
  /** A row for the store itself; in the leading store also one for each store that has ever been opened with it. */
  readonly installation: InstallationRow;
  /** Of the leading store: every time that it has been opened. */
  readonly installation_opening: Opening;
}

interface InstallationRow extends Opening {
  readonly store: string;
  readonly installation_id: string;
}

/** The same number can be given twice, by a store and by a copy that was put in its place; the mark cannot. */
interface Opening {
  readonly opening: number;
  readonly mark: string;
}

/** Part of every store, whatever else is in it. */
export const installationMigrations: MigrationSet = {
  'storage-0001': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('installation')
        .addColumn('store', 'text', (column) => column.primaryKey().notNull())
        .addColumn('installation_id', 'text', (column) => column.notNull())
        .addColumn('opening', 'bigint', (column) => column.notNull())
        .addColumn('mark', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('installation_opening')
        .addColumn('opening', 'bigint', (column) => column.primaryKey().notNull())
        .addColumn('mark', 'text', (column) => column.notNull())
        .execute();
    },
  },
};

export type InstalledStore = Database<InstallationTables>;

/** A store and what to call it in an error. */
interface OpenedStore {
  readonly store: string;
  readonly place: string;
  readonly database: InstalledStore;
}

/**
 * Keeps stores apart that were not written together: an emptied, exchanged or older journal does not know of every hold that
 * the systems beside it have, nor do they know what it has promised.
 *
 * The leading store makes an id when it is new, and keeps a number and a mark for each time that it is opened. Every store
 * that is opened beside it gets id, number and mark, and then the leading store notes that it has. So a store that is new
 * although it is noted, that has another id, or that has missed an opening which it is noted for, is not the one that belongs
 * here; nor is a leading store that does not know the opening which another was part of. Any step may be the last one that
 * a process does, and others may start at the same time.
 */
export class Installation {
  readonly #leadingStore: string;
  readonly #ids: Ids;
  #leading: (OpenedStore & InstallationRow) | undefined;

  constructor(leadingStore: string, ids: Ids) {
    this.#leadingStore = leadingStore;
    this.#ids = ids;
  }

  /** Call it before anything else is read or written. @throws StoresDoNotBelongTogetherError */
  async admit(opened: OpenedStore): Promise<void> {
    if (opened.store === this.#leadingStore) {
      this.#leading = { ...opened, ...(await recordOpening(opened, this.#ids)) };
      return;
    }
    if (!this.#leading) throw new TypeError(`Open the store "${this.#leadingStore}" before "${opened.store}".`);
    await join(this.#leading, opened);
  }
}

async function recordOpening({ store, database }: OpenedStore, ids: Ids): Promise<InstallationRow> {
  const [newId, mark] = [ids.next(), ids.next()];
  return database.write(async (tx) => {
    const known = await tx.selectFrom('installation').selectAll().where('store', '=', store).executeTakeFirst();
    const opening = { opening: (known?.opening ?? 0) + 1, mark };
    const row = { store, installation_id: known?.installation_id ?? newId, ...opening };
    await tx.insertInto('installation_opening').values(opening).execute();
    await keep(tx, row);
    return row;
  });
}

async function join(leading: OpenedStore & InstallationRow, opened: OpenedStore): Promise<void> {
  // In this order: what another process does meanwhile makes the later one newer, never older.
  const noted = await rowOf(leading.database, opened.store);
  const own = await rowOf(opened.database, opened.store);
  if (own && own.installation_id !== leading.installation_id) {
    if (await hasCompany(leading)) throw new StoresDoNotBelongTogetherError('FOREIGN', opened, leading);
    throw new StoresDoNotBelongTogetherError('NEW', leading, opened);
  }
  if (!own && noted) throw new StoresDoNotBelongTogetherError('NEW', opened, leading);
  if (own && noted && own.opening < noted.opening) throw new StoresDoNotBelongTogetherError('OLDER', opened, leading);
  if (own && !(await knowsOpening(leading, own))) throw new StoresDoNotBelongTogetherError('OLDER', leading, opened);
  const { installation_id, opening, mark } = leading;
  const row = { store: opened.store, installation_id, opening, mark };
  for (const { write } of [opened.database, leading.database]) await write((tx) => keep(tx, row));
}

async function rowOf({ read }: InstalledStore, store: string): Promise<InstallationRow | undefined> {
  return read.selectFrom('installation').selectAll().where('store', '=', store).executeTakeFirst();
}

async function knowsOpening({ database }: OpenedStore, { opening, mark }: Opening): Promise<boolean> {
  const query = database.read.selectFrom('installation_opening').select('opening');
  return (await query.where('opening', '=', opening).where('mark', '=', mark).executeTakeFirst()) !== undefined;
}

/** Whether any other store has ever been opened with this one. */
async function hasCompany({ database, store }: OpenedStore): Promise<boolean> {
  const query = database.read.selectFrom('installation').select('store').where('store', '!=', store);
  return (await query.executeTakeFirst()) !== undefined;
}

/** Unless a newer opening is kept already. */
async function keep(tx: Transaction<InstallationTables>, row: InstallationRow): Promise<void> {
  const { opening, mark } = row;
  await tx
    .insertInto('installation')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('store').doUpdateSet({ opening, mark }).where('installation.opening', '<', opening),
    )
    .execute();
}
