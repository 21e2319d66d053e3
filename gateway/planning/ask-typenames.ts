import {
  type DocumentNode,
  type GraphQLSchema,
  getNamedType,
  Kind,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** The field that every object has. */
export const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } } as const;

/** Asks for `__typename` on every object of `types`: the planner asks only where it sees a need. */
export function askTypenames(document: DocumentNode, schema: GraphQLSchema, types: ReadonlySet<string>): DocumentNode {
  if (types.size === 0) return document;
  const info = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(info, {
      SelectionSet: {
        leave(node): SelectionSetNode | undefined {
          const parent = info.getParentType();
          if (!parent || !types.has(getNamedType(parent).name)) return undefined;
          return { ...node, selections: [typename, ...node.selections] };
        },
      },
    }),
  );
}
