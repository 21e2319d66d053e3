import { type ConstDirectiveNode, type DocumentNode, Kind, valueFromASTUntyped } from 'graphql';

/** A specification that a supergraph links, by `@link`, or by `@core` where it is older. */
export interface LinkedFeature {
  readonly url: string;
  /** The last part of the address but the version; absent where it has none. */
  readonly name: string | undefined;
  /** What its names begin with in this supergraph. */
  readonly as: string | undefined;
  /** Who does not know it must not serve the supergraph (https://specs.apollo.dev/link/v1.0/#Purpose). */
  readonly isDemanded: boolean;
  /** The names of its directives that are used as they are, or under another name. */
  readonly imports: ReadonlyMap<string, string>;
}

export function readFeatures(supergraph: DocumentNode): readonly LinkedFeature[] {
  const schema = supergraph.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  return (schema?.directives ?? []).flatMap((directive) => {
    const { url, feature, as, for: purpose, import: imports } = argumentsOf(directive);
    const address = url ?? feature;
    if (typeof address !== 'string') return [];
    const name = /([^/]+)\/v\d+\.\d+\/?$/.exec(address)?.[1];
    return {
      url: address,
      name,
      as: typeof as === 'string' ? as : name,
      isDemanded: purpose === 'SECURITY' || purpose === 'EXECUTION',
      imports: new Map((Array.isArray(imports) ? imports : []).flatMap(readImport)),
    };
  });
}

/** `"@cost"`, or `{ name: "@cost", as: "@weight" }`. */
function readImport(imported: unknown): [string, string][] {
  const { name, as = name } = typeof imported === 'string' ? { name: imported } : Object(imported);
  if (typeof name !== 'string' || typeof as !== 'string' || !name.startsWith('@')) return [];
  return [[name.slice(1), as.slice(1)]];
}

/** The name under which a supergraph applies a directive of a specification: its own name where nothing is linked. */
export function linkedDirective(supergraph: DocumentNode, specification: string, directive: string): string {
  const feature = readFeatures(supergraph).find(({ name }) => name === specification);
  if (!feature) return directive;
  // The directive that is called like its specification needs no import.
  const unimported = directive === specification ? feature.as : `${feature.as}__${directive}`;
  return feature.imports.get(directive) ?? unimported ?? directive;
}

export const argumentsOf = ({ arguments: given = [] }: ConstDirectiveNode): Readonly<Record<string, unknown>> =>
  Object.fromEntries(given.map(({ name, value }) => [name.value, valueFromASTUntyped(value)]));
