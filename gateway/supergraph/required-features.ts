import { type DocumentNode, Kind, valueFromASTUntyped } from 'graphql';

/** Specifications that this gateway carries out, of those that a supergraph may demand. */
const known: ReadonlySet<string> = new Set([
  'core',
  'link',
  'join',
  'tag',
  'inaccessible',
  'authenticated',
  'requiresScopes',
  'policy',
  'cost',
]);

/**
 * A supergraph says of a linked specification that who does not know it must not serve it (`for: SECURITY` or `EXECUTION`):
 * https://specs.apollo.dev/link/v1.0/#Purpose
 * @returns the addresses of those that this gateway does not know
 */
export function unknownFeatures(supergraph: DocumentNode): readonly string[] {
  const schema = supergraph.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  return (schema?.directives ?? []).flatMap(({ arguments: given = [] }) => {
    const { url, for: purpose } = Object.fromEntries(
      given.map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
    );
    if (typeof url !== 'string' || (purpose !== 'SECURITY' && purpose !== 'EXECUTION')) return [];
    const name = /([^/]+)\/v\d+\.\d+\/?$/.exec(url)?.[1];
    return name !== undefined && known.has(name) ? [] : [url];
  });
}
