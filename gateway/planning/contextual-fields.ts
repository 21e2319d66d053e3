import { type DocumentNode, type GraphQLSchema, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { SubgraphTypes } from '../supergraph/subgraph-types.ts';

interface ContextScope {
  readonly schema: GraphQLSchema;
  readonly subgraphTypes: Pick<SubgraphTypes, 'hasContext' | 'isContextual'>;
}

/** Whether an operation selects a field with an argument from a context (@fromContext), or one that requires such a field. */
export function isContextual(document: DocumentNode, { schema, subgraphTypes }: ContextScope): boolean {
  if (!subgraphTypes.hasContext) return false;
  let found = false;
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field({ name }) {
        const type = info.getParentType()?.name;
        found ||= type !== undefined && subgraphTypes.isContextual(type, name.value);
      },
    }),
  );
  return found;
}
