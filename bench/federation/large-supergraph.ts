export interface LargeSupergraphSize {
  readonly subgraphs: number;
  readonly types: number;
}

/**
 * The SDL of a supergraph whose types form a chain: each is an entity with six fields of its owner, and the one before
 * it leads to it, in another subgraph.
 */
export function largeSupergraph({ subgraphs, types }: LargeSupergraphSize): string {
  const graphs = Array.from({ length: subgraphs }, (_, i) => {
    return `  G${i} @join__graph(name: "g${i}", url: "http://127.0.0.1:4200/g${i}")`;
  });
  const all = Array.from({ length: types }, (_, i) => entity(i, subgraphs, types));
  const owners = Array.from({ length: subgraphs }, (_, i) => `  @join__type(graph: G${i})`).join('\n');
  return [
    head,
    `enum join__Graph {\n${graphs.join('\n')}\n}`,
    `type Query\n${owners}\n{\n  start: T0 @join__field(graph: G0)\n}`,
    ...all,
  ].join('\n\n');
}

/** A query that goes from subgraph to subgraph `hops` times. */
export function longQuery(hops: number): string {
  const nested = Array.from({ length: hops }).reduceRight<string>(
    (inner) => `name size next { ${inner} }`,
    'name size',
  );
  return `query Long { start { ${nested} } }`;
}

function entity(index: number, subgraphs: number, types: number): string {
  const owner = `G${index % subgraphs}`;
  const before = `G${(index + subgraphs - 1) % subgraphs}`;
  const own = `@join__field(graph: ${owner})`;
  return `type T${index}
  @join__type(graph: ${owner}, key: "id")
  @join__type(graph: ${before}, key: "id")
{
  id: ID!
  name: String ${own}
  size: Int ${own}
  weight: Float ${own}
  isReady: Boolean ${own}
  code(short: Boolean = false): String! ${own}
  next: T${(index + 1) % types} ${own}
}`;
}

const head = `schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{
  query: Query
}

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet

scalar link__Import

enum link__Purpose {
  SECURITY
  EXECUTION
}`;
