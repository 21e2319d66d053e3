import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { DataDirectoryTooNewError, StoreNotReadyError } from './errors.ts';

/**
 * Name to migration; names begin with the module they belong to (`journal-0001`), so that two modules may share a store.
 * The same migrations run on both dialects. One that has been released is never changed, only followed by another.
 */
export type MigrationSet = Readonly<Record<string, Migration>>;

export interface MigrateOptions {
  readonly db: Kysely<unknown>;
  readonly migrations: MigrationSet;
  /** PostgreSQL: the schema to look for the migration tables in. */
  readonly schema?: string;
  /** What to call the store in an error. */
  readonly place: string;
}

/** Brings a store up to what this build knows, in one transaction. @throws DataDirectoryTooNewError */
export async function migrate(options: MigrateOptions): Promise<void> {
  await refuseNewer(options, await executedMigrations(options.db, options.schema));
  const migrator = new Migrator({
    db: options.db,
    provider: { getMigrations: async () => ({ ...options.migrations }) },
    allowUnorderedMigrations: true,
    ...(options.schema === undefined ? {} : { migrationTableSchema: options.schema }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

/** For a store opened to read only. @throws DataDirectoryTooNewError, StoreNotReadyError */
export async function requireMigrated(options: MigrateOptions): Promise<void> {
  const executed = await executedMigrations(options.db, options.schema);
  await refuseNewer(options, executed);
  if (Object.keys(options.migrations).some((name) => !executed.includes(name))) {
    throw new StoreNotReadyError(options.place);
  }
}

async function refuseNewer({ migrations, place }: MigrateOptions, executed: readonly string[]): Promise<void> {
  const unknown = executed.filter((name) => !(name in migrations));
  if (unknown.length > 0) throw new DataDirectoryTooNewError(place, unknown);
}

async function executedMigrations(db: Kysely<unknown>, schema: string | undefined): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  const found = tables.some((table) => table.name === 'kysely_migration' && (!schema || table.schema === schema));
  if (!found) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map((row) => row.name);
}
