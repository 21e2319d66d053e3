import { jsonText, quote } from '../json-text.ts';

/** Compiles the JSON text of the client variables that one request uses. Variables without a value are left out. */
export function compileVariables(names: readonly string[]): (values: Readonly<Record<string, unknown>>) => string {
  const write = compileMembers(names);
  return (values) => `{${write(values)}}`;
}

/** The same without the braces, for requests that add members of their own. */
export function compileMembers(names: readonly string[]): (values: Readonly<Record<string, unknown>>) => string {
  if (names.length === 0) return () => '';
  const members = names.map((name) => ({ name, prefix: `${quote(name)}:` }));
  return (values) =>
    members
      .flatMap(({ name, prefix }) => (values[name] === undefined ? [] : [prefix + jsonText(values[name])]))
      .join(',');
}
