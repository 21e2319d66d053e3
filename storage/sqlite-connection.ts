import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import Libsql from 'libsql';
import LibsqlPromise from 'libsql/promise';
import { bindable } from './bindable.ts';

interface Statement {
  readonly prepared: Libsql.Statement<unknown[]>;
  /** Names of the columns that come back; none for a statement that returns no rows. */
  readonly columns: readonly string[];
}

/** Distinct statements kept prepared per connection; the oldest goes first. Queries with lists make many texts. */
const preparedStatements = 256;

/** One libsql connection: statements run at once on the calling thread, in microseconds. */
export class SqliteConnection implements DatabaseConnection {
  readonly #database: Libsql.Database;
  readonly #statements = new Map<string, Statement>();

  constructor(path: string, pragmas: readonly string[]) {
    this.#database = new Libsql(path, { timeout: 5_000 });
    for (const pragma of pragmas) this.#database.prepare(`PRAGMA ${pragma}`).all();
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  run(sql: string): void {
    this.#database.exec(sql);
  }

  /**
   * Runs `sql` on libsql's own thread, for what waits for the disk. The two classes of the package are two faces of one
   * native handle, so its promise face serves a connection of the other. Nothing else may use the connection meanwhile:
   * it would block this thread until the disk has answered.
   */
  async runOffThread(sql: string): Promise<void> {
    await LibsqlPromise.prototype.exec.call(this.#database, sql);
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { prepared, columns } = this.#prepare(query.sql);
    const parameters = query.parameters.map(toSqlite);
    if (columns.length > 0) {
      const rows = prepared.all(parameters) as unknown[][];
      return { rows: rows.map((values) => toRow(columns, values) as Row) };
    }
    const { changes } = prepared.run(parameters);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  /** @returns the first thing that SQLite finds wrong with the file, or undefined */
  firstProblem(): string | undefined {
    const [row] = this.#database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
    return row?.quick_check === 'ok' ? undefined : row?.quick_check;
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new TypeError('Read in pages: a stream would pin an old snapshot and let the write-ahead log grow.');
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const prepared = this.#database.prepare(sql);
    const returnsRows = prepared.reader;
    // As arrays: a driver that builds objects value by value takes half as long again.
    if (returnsRows) prepared.raw(true);
    const statement = { prepared, columns: returnsRows ? prepared.columns().map((column) => column.name) : [] };
    this.#statements.set(sql, statement);
    if (this.#statements.size > preparedStatements) {
      this.#statements.delete(this.#statements.keys().next().value as string);
    }
    return statement;
  }
}

function toRow(columns: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < columns.length; index += 1) row[columns[index] as string] = values[index];
  return row;
}

/** libsql binds every `number` as REAL, which a TEXT column would keep as "3.0". */
function toSqlite(value: unknown): unknown {
  const bound = bindable(value);
  return typeof bound === 'number' && Number.isSafeInteger(bound) ? BigInt(bound) : bound;
}
