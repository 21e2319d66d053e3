import { type FieldNode, Kind } from 'graphql';

/**
 * Where the events of a subscription carry their cursor: `@resumable(cursor: "…")` names the field of the payload, the
 * operation decides under which key it arrives.
 * @param cursorFields by subscription field: the name of its payload's cursor
 * @returns a function that finds the cursor in the JSON text of one event; undefined where the operation selects none
 */
export function cursorReader(
  rootFields: readonly FieldNode[],
  cursorFields: ReadonlyMap<string, string>,
): ((body: string) => string | undefined) | undefined {
  const [root] = rootFields;
  const cursorField = root && cursorFields.get(root.name.value);
  if (!root || cursorField === undefined) return undefined;
  const rootKey = root.alias?.value ?? root.name.value;
  const key = root.selectionSet?.selections.find(
    (node): node is FieldNode => node.kind === Kind.FIELD && node.name.value === cursorField,
  );
  const cursorKey = key?.alias?.value ?? cursorField;
  return (body) => {
    const event: { readonly data?: Record<string, Record<string, unknown> | null> | null } = JSON.parse(body);
    const cursor = event.data?.[rootKey]?.[cursorKey];
    return typeof cursor === 'string' && isOneLine(cursor) ? cursor : undefined;
  };
}

/** What has a line break or NUL cannot be an event's id (HTML standard, 9.2.6). */
const isOneLine = (text: string) => !/[\r\n\0]/.test(text);
