import {
  assertValidSchema,
  type DocumentNode,
  type GraphQLSchema,
  isAbstractType,
  isTypeDefinitionNode,
  isUnionType,
  Kind,
  parse,
} from 'graphql';
import { type AccessRules, readAccessRules } from './access-rules.ts';
import { type CostRules, readCostRules } from './cost-rules.ts';
import { type FieldSource, readFieldSources } from './field-sources.ts';
import { readOverrideLabels } from './override-labels.ts';
import { buildPublicSchema } from './public-schema.ts';
import { unknownFeatures } from './required-features.ts';
import { readSubgraphEndpoints, type SubgraphEndpoint } from './subgraph-endpoints.ts';
import { namedType, readSubgraphTypes, type SubgraphTypes } from './subgraph-types.ts';
import { readSubscriptionRules, type SubscriptionRule } from './subscription-rules.ts';
import { findMistake, SupergraphError } from './supergraph-error.ts';

/** Everything that the engine knows about one supergraph. Frozen: a reload makes another. */
export interface Supergraph {
  readonly sdl: string;
  /** What clients see and are validated against. */
  readonly schema: GraphQLSchema;
  readonly subgraphs: ReadonlyMap<string, SubgraphEndpoint>;
  readonly types: TypeIndex;
  readonly subgraphTypes: SubgraphTypes;
  readonly fieldSource: FieldSource;
  readonly accessRules: AccessRules;
  readonly costRules: CostRules;
  readonly overrideLabels: ReadonlySet<string>;
  /** Unions and interfaces whose objects cannot be written without their `__typename`. See `needTypename`. */
  readonly toldByTypename: ReadonlySet<string>;
  /** By subscription field. */
  readonly subscriptionRules: ReadonlyMap<string, SubscriptionRule>;
}

/** Type questions that the executor asks, over all types of the supergraph, hidden ones included. */
export interface TypeIndex {
  isObject(name: string): boolean;
  /** The object types that satisfy a type condition: the type itself, or all that implement it or are its members. */
  possible(condition: string): ReadonlySet<string>;
  /** Whether a field has an ID, or a list of them. */
  isId(typeName: string, fieldName: string): boolean;
}

/** @throws SupergraphError */
export function loadSupergraph(sdl: string): Supergraph {
  const document = parseSupergraph(sdl);
  refuseRepeated(document);
  const [unknown] = unknownFeatures(document);
  if (unknown !== undefined)
    throw new SupergraphError(
      `It must not be served without ${unknown}, which this gateway does not know.`,
      'Leave what needs it out of the subgraphs.',
    );
  const subgraphs = readSubgraphEndpoints(document);
  if (subgraphs.size === 0) throw new SupergraphError('It names no subgraph (no join__Graph values).');
  const schema = publicSchemaOf(sdl, document);
  const types = indexTypes(document);
  return {
    sdl,
    schema,
    subgraphs,
    types,
    subgraphTypes: readSubgraphTypes(document),
    toldByTypename: needTypename(schema, types),
    fieldSource: readFieldSources(document),
    accessRules: readAccessRules(document),
    costRules: readCostRules(document),
    overrideLabels: readOverrideLabels(document),
    subscriptionRules: readSubscriptionRules(document),
  };
}

/**
 * A member of a union has no field but its own type's. An object of an interface can do without its type, unless some
 * of the types are hidden from clients: then a hidden object could not be told from a public one.
 */
function needTypename(schema: GraphQLSchema, types: TypeIndex): ReadonlySet<string> {
  const hidesMembers = (name: string) =>
    [...types.possible(name)].some((member) => types.isObject(member) && !schema.getType(member));
  const abstract = Object.values(schema.getTypeMap()).filter((type) => isAbstractType(type));
  const needed = abstract.filter((type) => isUnionType(type) || hidesMembers(type.name));
  return new Set(needed.map(({ name }) => name));
}

function parseSupergraph(sdl: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true });
  } catch (cause) {
    throw explained(sdl, cause);
  }
}

function publicSchemaOf(sdl: string, document: DocumentNode): GraphQLSchema {
  try {
    const schema = buildPublicSchema(document);
    // Else each request would be told: whatever validates operations wants a valid schema.
    assertValidSchema(schema);
    return schema;
  } catch (cause) {
    throw explained(sdl, cause);
  }
}

const explained = (sdl: string, cause: unknown) =>
  new SupergraphError(findMistake(sdl) ?? (cause instanceof Error ? cause.message : String(cause)));

/** Of two definitions of one type the last would silently be the only one: a file to which another one was added. */
function refuseRepeated({ definitions }: DocumentNode): void {
  const names = new Set<string>();
  for (const node of definitions) {
    if (!isTypeDefinitionNode(node)) continue;
    const { value } = node.name;
    if (names.has(value)) throw new SupergraphError(`It defines the type "${value}" twice.`);
    names.add(value);
  }
}

function indexTypes(document: DocumentNode): TypeIndex {
  const objects = new Set<string>();
  const possible = new Map<string, Set<string>>();
  const ids = new Map<string, ReadonlySet<string>>();
  const add = (condition: string, object: string) => {
    const set = possible.get(condition) ?? new Set();
    possible.set(condition, set.add(object));
  };
  for (const node of document.definitions) {
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      const fields = (node.fields ?? []).filter(({ type }) => namedType(type) === 'ID');
      ids.set(node.name.value, new Set(fields.map(({ name }) => name.value)));
    }
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION) {
      objects.add(node.name.value);
      add(node.name.value, node.name.value);
      for (const parent of node.interfaces ?? []) add(parent.name.value, node.name.value);
    } else if (node.kind === Kind.UNION_TYPE_DEFINITION) {
      for (const member of node.types ?? []) add(node.name.value, member.name.value);
    } else if (node.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      // A subgraph that knows an interface as @interfaceObject answers with the interface's own name.
      add(node.name.value, node.name.value);
    }
  }
  const none: ReadonlySet<string> = new Set();
  return {
    isObject: (name) => objects.has(name),
    possible: (condition) => possible.get(condition) ?? none,
    isId: (type, field) => ids.get(type)?.has(field) === true,
  };
}
