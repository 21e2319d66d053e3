import { type DocumentNode, Kind } from 'graphql';
import { argumentsOf } from './linked-features.ts';

/** A subgraph as a supergraph lists it: https://specs.apollo.dev/join/v0.3/#@join__graph */
export interface JoinGraph {
  /** The value of `join__Graph` by which join directives name it. */
  readonly value: string;
  /** As in `supergraph.yaml`; the name that plans and clients see. */
  readonly name: string;
  /** Where it answers; empty where nothing is said. */
  readonly url: string;
}

export function readJoinGraphs({ definitions }: DocumentNode): readonly JoinGraph[] {
  const graphs = definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  const values = graphs?.kind === Kind.ENUM_TYPE_DEFINITION ? (graphs.values ?? []) : [];
  return values.flatMap(({ name: value, directives = [] }) => {
    const graph = directives.find(({ name }) => name.value === 'join__graph');
    const { name, url } = graph ? argumentsOf(graph) : {};
    return typeof name === 'string' ? [{ value: value.value, name, url: typeof url === 'string' ? url : '' }] : [];
  });
}
