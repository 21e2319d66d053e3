import { type DocumentNode, Kind } from 'graphql';

/** By subscription field: the field of its payload that is the event's cursor, as `@resumable(cursor: "…")` says. */
export function readCursorFields(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of node.fields ?? []) {
      const resumable = field.directives?.find(({ name }) => name.value === 'resumable');
      const stated = resumable?.arguments?.find(({ name }) => name.value === 'cursor')?.value;
      if (stated?.kind === Kind.STRING) found.set(field.name.value, stated.value);
    }
  }
  return found;
}
