/** `state_since` as `stateSince`. */
type Camel<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name;

/** A table's row in the words of a port. */
export type PortRow<Row> = {
  readonly [Column in keyof Row & string as Camel<Column>]: Column extends 'version' ? string : Row[Column];
};

const names = new Map<string, string>();

/** Reference tables have the ports' names, with `_` as SQL has it; only `version`, a number there, is text in a port. */
export function portRow<Row extends object>(row: Row): PortRow<Row> {
  const fields = Object.entries(row).map(([column, value]) => [
    nameOf(column),
    column === 'version' ? String(value) : value,
  ]);
  return Object.fromEntries(fields) as PortRow<Row>;
}

/** There are as many as the tables have columns. */
function nameOf(column: string): string {
  const known = names.get(column);
  if (known !== undefined) return known;
  const name = column.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  names.set(column, name);
  return name;
}
