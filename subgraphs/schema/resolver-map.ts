import type { GraphQLFieldResolver, GraphQLScalarType } from 'graphql';

// biome-ignore lint/suspicious/noExplicitAny: every resolver says itself what its parent is
type FieldResolver<Context> = GraphQLFieldResolver<any, Context>;

/** What `buildSubgraphSchema` takes as resolvers: of a type's fields, and `__resolveReference` or `__resolveType`. */
export interface GraphQLResolverMap<Context> {
  readonly [typeName: string]:
    | GraphQLScalarType
    | {
        readonly [fieldName: string]:
          | FieldResolver<Context>
          | { readonly resolve?: FieldResolver<Context>; readonly subscribe?: FieldResolver<Context> };
      };
}
