import { type DocumentNode, Kind, valueFromASTUntyped } from 'graphql';

/**
 * The name under which a supergraph applies a directive of a linked specification: its own name where nothing is linked.
 * @param specification such as `cost`, the last part of the URL but the version
 */
export function linkedDirective(supergraph: DocumentNode, specification: string, directive: string): string {
  const schema = supergraph.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const link = (schema?.directives ?? [])
    .map(({ arguments: given = [] }) =>
      Object.fromEntries(given.map(({ name, value }) => [name.value, valueFromASTUntyped(value)])),
    )
    .find(({ url }) => typeof url === 'string' && url.replace(/\/v\d+\.\d+\/?$/, '').endsWith(`/${specification}`));
  if (!link) return directive;
  const as = typeof link['as'] === 'string' ? link['as'] : specification;
  for (const one of Array.isArray(link['import']) ? link['import'] : []) {
    if (one === `@${directive}`) return directive;
    if (typeof one === 'object' && one?.name === `@${directive}`) return String(one.as ?? `@${directive}`).slice(1);
  }
  // The directive that is called like its specification needs no import.
  return directive === specification ? as : `${as}__${directive}`;
}
