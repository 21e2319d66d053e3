import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import pg from 'pg';

/** Statements prepared by name per connection; further ones are parsed each time. */
const namedStatements = 500;

/** Gives each statement text a name, the same on every connection of a store. */
export class StatementNames {
  readonly #names = new Map<string, string>();

  /** @returns undefined when there are too many texts: then the statement goes unnamed */
  of(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    if (this.#names.size >= namedStatements) return undefined;
    const name = `andon_${this.#names.size + 1}`;
    this.#names.set(text, name);
    return name;
  }
}

/** Whole numbers come back as numbers, as from SQLite, where the driver would give text for fear of 2^53. */
const asNumber = new Set<number>([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);

export const postgresTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    return asNumber.has(oid) ? Number : pg.types.getTypeParser(oid, format as 'text');
  },
} as pg.CustomTypesConfig;

/** One client as Kysely sees it. */
export class PostgresConnection implements DatabaseConnection {
  readonly client: pg.ClientBase;
  readonly #names: StatementNames;

  constructor(client: pg.ClientBase, names: StatementNames) {
    this.client = client;
    this.#names = names;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const name = this.#names.of(query.sql);
    const { rows, rowCount, command } = await this.client.query({
      text: query.sql,
      values: [...query.parameters],
      ...(name === undefined ? {} : { name }),
    });
    const changes = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE';
    return changes ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows };
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new TypeError('Read in pages: both dialects do, and a stream would keep a connection from everybody else.');
  }
}
