import { type FieldNode, Kind } from 'graphql';
import type { SubscriptionRule } from '../supergraph/subscription-rules.ts';

/**
 * Where the events of a subscription carry their cursor: `@resumable(cursor: "…")` names the field of the payload, the
 * operation decides under which key it arrives.
 * @returns a function that finds the cursor in the JSON text of one event; undefined where the field has none
 */
export function cursorReader(
  rootFields: readonly FieldNode[],
  rules: ReadonlyMap<string, SubscriptionRule>,
): ((body: string) => string | undefined) | undefined {
  const [root] = rootFields;
  const cursorField = root && rules.get(root.name.value)?.cursor;
  if (!root || cursorField === undefined) return undefined;
  const rootKey = root.alias?.value ?? root.name.value;
  const key = root.selectionSet?.selections.find(
    (node): node is FieldNode => node.kind === Kind.FIELD && node.name.value === cursorField,
  );
  const cursorKey = key?.alias?.value ?? cursorField;
  return (body) => {
    const event: { readonly data?: Record<string, Record<string, unknown> | null> | null } = JSON.parse(body);
    const cursor = event.data?.[rootKey]?.[cursorKey];
    return typeof cursor === 'string' && cursor !== '' ? cursor : undefined;
  };
}
