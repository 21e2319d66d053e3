import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';
import { readJoinGraphs } from './join-graphs.ts';
import { argumentsOf } from './linked-features.ts';

/** @returns the subgraph that alone resolves the field; undefined where several do, or none is known */
export type FieldSource = (type: string, field: string) => string | undefined;

/** Reads who resolves each field from `join__field`, else from the `join__type` of its type. */
export function readFieldSources(supergraph: DocumentNode): FieldSource {
  const graphNames = new Map(readJoinGraphs(supergraph).map(({ value, name }) => [value, name]));
  const sources = new Map<string, string>();
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    const ofType = graphsIn(node.directives, 'join__type');
    for (const field of node.fields ?? []) {
      const own = graphsIn(field.directives, 'join__field');
      const [graph, ...others] = own.length > 0 ? own : ofType;
      const name = graph === undefined || others.length > 0 ? undefined : graphNames.get(graph);
      if (name !== undefined) sources.set(`${node.name.value}.${field.name.value}`, name);
    }
  }
  return (type, field) => sources.get(`${type}.${field}`);
}

/** The subgraphs that resolve what the directives called `name` are applied to. */
function graphsIn(directives: readonly ConstDirectiveNode[] | undefined, name: string): readonly string[] {
  const joins = (directives ?? []).filter((directive) => directive.name.value === name).map(argumentsOf);
  return [...new Set(joins.flatMap(({ graph, external }) => (typeof graph === 'string' && !external ? [graph] : [])))];
}
