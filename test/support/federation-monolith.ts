import { buildSchema, type GraphQLFieldResolver, type GraphQLSchema, isObjectType, printSchema } from 'graphql';
import { loadSupergraph } from '../../gateway/supergraph/load-supergraph.ts';

type Resolvers = Record<string, Record<string, (source: never, args: never) => unknown>>;

/** The public schema of a supergraph as one executable schema: the oracle of differential tests. */
export function buildMonolith(supergraphSdl: string, resolvers: Resolvers): GraphQLSchema {
  const schema = buildSchema(printSchema(loadSupergraph(supergraphSdl).schema));
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) continue;
    for (const [name, resolve] of Object.entries(fields)) {
      if (type.getFields()[name])
        type.getFields()[name]!.resolve = resolve as unknown as GraphQLFieldResolver<unknown, unknown>;
    }
  }
  return schema;
}
