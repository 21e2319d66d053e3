import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';

/** @returns the subgraph that alone resolves the field; undefined where several do, or none is known */
export type FieldSource = (type: string, field: string) => string | undefined;

/** Reads who resolves each field from `join__field`, else from the `join__type` of its type. */
export function readFieldSources(supergraph: DocumentNode): FieldSource {
  const graphNames = readGraphNames(supergraph);
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

function readGraphNames(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const graphs = supergraph.definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  const values = graphs?.kind === Kind.ENUM_TYPE_DEFINITION ? (graphs.values ?? []) : [];
  return new Map(
    values.flatMap(({ name, directives }) => {
      const value = argumentOf(
        directives?.find((directive) => directive.name.value === 'join__graph'),
        'name',
      );
      return value === undefined ? [] : [[name.value, value] as const];
    }),
  );
}

function graphsIn(directives: readonly ConstDirectiveNode[] | undefined, name: string): string[] {
  const joins = (directives ?? []).filter((directive) => directive.name.value === name);
  const resolving = joins.filter((directive) => argumentOf(directive, 'external') !== 'true');
  return [...new Set(resolving.flatMap((directive) => argumentOf(directive, 'graph') ?? []))];
}

function argumentOf(directive: ConstDirectiveNode | undefined, name: string): string | undefined {
  const value = directive?.arguments?.find((argument) => argument.name.value === name)?.value;
  if (value?.kind === Kind.BOOLEAN) return String(value.value);
  return value?.kind === Kind.ENUM || value?.kind === Kind.STRING ? value.value : undefined;
}
