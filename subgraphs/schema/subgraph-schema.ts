import {
  buildASTSchema,
  type ConstDirectiveNode,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type GraphQLTypeResolver,
  isAbstractType,
  isObjectType,
  isScalarType,
  Kind,
  print,
  type UnionTypeDefinitionNode,
} from 'graphql';
import { readDocument } from './read-type-defs.ts';
import type { GraphQLResolverMap } from './resolver-map.ts';

// biome-ignore lint/suspicious/noExplicitAny: every resolver says itself what its parent is
type FieldResolver = GraphQLFieldResolver<any, any>;
type FieldResolvers = FieldResolver | { readonly resolve?: FieldResolver; readonly subscribe?: FieldResolver };

/** What a gateway has of an entity: its type, its key, and what the fields that it asks for require. */
interface Representation {
  readonly __typename: string;
}

type ReferenceResolver = (of: Representation, context: unknown, info: GraphQLResolveInfo) => unknown;

/**
 * The schema that a subgraph executes: its own types with their resolvers, `Query._service` and `Query._entities`
 * (https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec). The types are not
 * checked here: every build composes them.
 *
 * @param typeDefs what the subgraph's files say
 * @throws Error for a resolver of what the schema does not have
 */
export function buildSubgraphSchema<Context>(
  typeDefs: DocumentNode,
  resolvers: GraphQLResolverMap<Context>,
): GraphQLSchema {
  const { definitions: federation } = readDocument('federation.graphql');
  const definitions = [...typeDefs.definitions, ...federation, entityUnion(typeDefs)];
  const schema = buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValidSDL: true });
  const references = new Map<string, ReferenceResolver>();
  for (const [name, own] of Object.entries(resolvers)) {
    const type = schema.getType(name);
    if (isScalarType(type) && isScalarType(own)) {
      const { serialize, parseValue, parseLiteral } = own;
      Object.assign(type, { serialize, parseValue, parseLiteral });
      continue;
    }
    const { __resolveReference: reference, ...fields } = own as Readonly<Record<string, FieldResolvers>>;
    if (typeof reference === 'function') references.set(name, reference as unknown as ReferenceResolver);
    for (const [field, resolver] of Object.entries(fields)) attach(resolver, { type, name, field });
  }
  const query = { type: schema.getQueryType(), name: 'Query' };
  attach(() => ({ sdl: print(typeDefs) }), { ...query, field: '_service' });
  const resolveOne = async (of: Representation, context: unknown, info: GraphQLResolveInfo) => {
    const resolve = references.get(of.__typename);
    // The reference itself would do for a gateway, and nobody would have looked whether the caller may know of it.
    if (!resolve) throw new Error(`References to ${of.__typename} have no resolver here.`);
    return resolveEntity(of.__typename, resolve(of, context, info));
  };
  attach(
    (_root, { representations }, context, info) =>
      representations.map((of: Representation) => resolveOne(of, context, info)),
    { ...query, field: '_entities' },
  );
  return schema;
}

interface Place {
  readonly type: GraphQLNamedType | null | undefined;
  readonly name: string;
  readonly field: string;
}

function attach(resolver: FieldResolvers, { type, name, field }: Place): void {
  if (isAbstractType(type) && field === '__resolveType' && typeof resolver === 'function') {
    type.resolveType = resolver as unknown as GraphQLTypeResolver<unknown, unknown>;
    return;
  }
  const definition = isObjectType(type) ? type.getFields()[field] : undefined;
  if (!definition) throw new Error(`There is a resolver of ${name}.${field}, and the schema does not have it.`);
  Object.assign(definition, typeof resolver === 'function' ? { resolve: resolver } : resolver);
}

/** The types that a gateway may ask for by their keys. */
function entityUnion({ definitions }: DocumentNode): UnionTypeDefinitionNode {
  const types = definitions.flatMap((node) => {
    const isEntity = node.kind === Kind.OBJECT_TYPE_DEFINITION && node.directives?.some(isResolvableKey);
    return isEntity ? [{ kind: Kind.NAMED_TYPE as const, name: node.name }] : [];
  });
  return { kind: Kind.UNION_TYPE_DEFINITION, name: { kind: Kind.NAME, value: '_Entity' }, types };
}

/** `@key(fields: "…", resolvable: false)` is of another subgraph's entity, which is only named here. */
function isResolvableKey({ name, arguments: given = [] }: ConstDirectiveNode): boolean {
  const resolvable = given.find((argument) => argument.name.value === 'resolvable')?.value;
  return name.value === 'key' && !(resolvable?.kind === Kind.BOOLEAN && !resolvable.value);
}

/** The row of an entity, which says its type: to graphql-js, and to nobody who reads its fields. */
async function resolveEntity(type: string, found: unknown): Promise<unknown> {
  const row = await found;
  if (typeof row !== 'object' || row === null) return row;
  if ('__typename' in row) return row.__typename === type ? row : { ...row, __typename: type };
  return Object.defineProperty(row, '__typename', { value: type });
}
