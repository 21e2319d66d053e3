import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';

/** Where one subgraph answers. */
export interface SubgraphEndpoint {
  /** As in `supergraph.yaml`; the name that plans and clients see. */
  readonly name: string;
  /** http(s) address, or `local:NAME`. */
  readonly url: string;
}

export function readSubgraphEndpoints(supergraph: DocumentNode): ReadonlyMap<string, SubgraphEndpoint> {
  const graphs = supergraph.definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  const values = graphs?.kind === Kind.ENUM_TYPE_DEFINITION ? (graphs.values ?? []) : [];
  return new Map(
    values.flatMap(({ directives }) => {
      const graph = directives?.find(({ name }) => name.value === 'join__graph');
      const name = graph && text(graph, 'name');
      return name === undefined ? [] : [[name, { name, url: text(graph, 'url') ?? '' }] as const];
    }),
  );
}

function text(directive: ConstDirectiveNode | undefined, name: string): string | undefined {
  const value = directive?.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}
