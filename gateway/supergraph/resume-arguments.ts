import { type DocumentNode, Kind } from 'graphql';

/** Names that such an argument commonly has, for supergraphs that do not say so with @resumable. */
const commonNames = ['after', 'since', 'cursor', 'fromCursor', 'lastEventId'];

/**
 * Which argument of a subscription field asks for events from a cursor on: `@resumable(after: "…")` says so, else a
 * common name does. A subscription that uses it starts at a place of its own, so it never joins another's stream.
 */
export function readResumeArguments(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const root = subscriptionTypeName(supergraph);
  const found = new Map<string, string>();
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION || node.name.value !== root) continue;
    for (const field of node.fields ?? []) {
      const resumable = field.directives?.find(({ name }) => name.value === 'resumable');
      const stated = resumable?.arguments?.find(({ name }) => name.value === 'after')?.value;
      const names = (field.arguments ?? []).map(({ name }) => name.value);
      const common = commonNames.find((name) => names.includes(name));
      const name = stated?.kind === Kind.STRING ? stated.value : common;
      if (name !== undefined) found.set(field.name.value, name);
    }
  }
  return found;
}

function subscriptionTypeName(supergraph: DocumentNode): string {
  const schema = supergraph.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const types = schema?.kind === Kind.SCHEMA_DEFINITION ? schema.operationTypes : [];
  return types.find(({ operation }) => operation === 'subscription')?.type.name.value ?? 'Subscription';
}
