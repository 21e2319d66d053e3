import type { Kysely } from 'kysely';

export interface TableDefinition {
  readonly name: string;
  /** The columns of the primary key, all text. */
  readonly key: readonly string[];
  readonly text?: readonly string[];
  readonly optionalText?: readonly string[];
  readonly integer?: readonly string[];
  /** Columns that are looked up together besides the key. */
  readonly indexes?: readonly (readonly string[])[];
}

/** Makes a reference system's tables alike on both dialects: text and whole numbers, nothing else. */
export async function createTables(db: Kysely<unknown>, tables: readonly TableDefinition[]): Promise<void> {
  for (const table of tables) {
    await createTable(db, table);
    for (const columns of table.indexes ?? []) {
      await db.schema
        .createIndex(`${table.name}_by_${columns.join('_')}`)
        .on(table.name)
        .columns([...columns])
        .execute();
    }
  }
}

async function createTable(db: Kysely<unknown>, table: TableDefinition): Promise<void> {
  let builder = db.schema.createTable(table.name);
  for (const name of [...table.key, ...(table.text ?? [])])
    builder = builder.addColumn(name, 'text', (column) => column.notNull());
  for (const name of table.optionalText ?? []) builder = builder.addColumn(name, 'text');
  for (const name of table.integer ?? []) builder = builder.addColumn(name, 'integer', (column) => column.notNull());
  await builder.addPrimaryKeyConstraint(`${table.name}_key`, [...table.key] as never[]).execute();
}
