import { type ConstArgumentNode, Kind, parse, print, type SelectionNode, stripIgnoredCharacters, visit } from 'graphql';

/**
 * The supergraph without `__typename` in what is provided: every subgraph that gives an object knows its type. The native
 * planner of version 0.0.38 does not load a supergraph that says it (https://github.com/graphql-hive/router/issues/1455).
 */
export function withoutProvidedTypenames(supergraphSdl: string): string {
  if (!/provides:\s*"[^"]*\b__typename\b/.test(supergraphSdl)) return supergraphSdl;
  return print(
    visit(parse(supergraphSdl, { noLocation: true }), {
      Directive: (node) => {
        if (node.name.value !== 'join__field') return undefined;
        return {
          ...node,
          arguments: (node.arguments ?? []).flatMap((one) => withoutTypename(one as ConstArgumentNode)),
        };
      },
    }),
  );
}

function withoutTypename(argument: ConstArgumentNode): readonly ConstArgumentNode[] {
  const { name, value } = argument;
  if (name.value !== 'provides' || value.kind !== Kind.STRING) return [argument];
  const [operation] = parse(`{${value.value}}`, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return [argument];
  const kept = operation.selectionSet.selections.flatMap(keep);
  if (kept.length === 0) return [];
  return [
    { ...argument, value: { ...value, value: kept.map((node) => stripIgnoredCharacters(print(node))).join(' ') } },
  ];
}

/** What provides nothing else goes as a whole. */
function keep(node: SelectionNode): readonly SelectionNode[] {
  if (node.kind === Kind.FRAGMENT_SPREAD) return [node];
  if (node.kind === Kind.FIELD && node.name.value === '__typename') return [];
  if (!node.selectionSet) return [node];
  const selections = node.selectionSet.selections.flatMap(keep);
  return selections.length === 0 ? [] : [{ ...node, selectionSet: { ...node.selectionSet, selections } }];
}
