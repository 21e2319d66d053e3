import {
  buildASTSchema,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DirectiveDefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type SchemaDefinitionNode,
} from 'graphql';
import { deferDefinitions } from './defer-definition.ts';
import { readFeatures } from './linked-features.ts';

/**
 * What clients see: the supergraph without the machinery of federation (`join__…`, `link__…`, other linked features),
 * without directive definitions that only schemas apply, and without anything @inaccessible; with @defer.
 */
export function buildPublicSchema(supergraph: DocumentNode): GraphQLSchema {
  const hidden = readHiddenNames(supergraph);
  const inaccessible = new Set(
    supergraph.definitions.flatMap((node) =>
      'name' in node &&
      node.name &&
      'directives' in node &&
      isHidden({ directives: node.directives as Annotated['directives'] }, hidden)
        ? [node.name.value]
        : [],
    ),
  );
  const definitions = supergraph.definitions.flatMap((node) => publicDefinition(node, hidden, inaccessible) ?? []);
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [...definitions, ...deferDefinitions] };
  return buildASTSchema(document, { assumeValidSDL: true });
}

interface HiddenNames {
  /** `join__`, `link__`, … */
  readonly prefixes: readonly string[];
  /** The name under which the supergraph imports @inaccessible. */
  readonly inaccessible: string;
}

/** Specification 3.13, ExecutableDirectiveLocation. */
const executableLocations = new Set([
  'QUERY',
  'MUTATION',
  'SUBSCRIPTION',
  'FIELD',
  'FRAGMENT_DEFINITION',
  'FRAGMENT_SPREAD',
  'INLINE_FRAGMENT',
  'VARIABLE_DEFINITION',
]);

const publicDirectives = new Set(['deprecated', 'specifiedBy', 'oneOf']);

/** `@link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "hidden")` is the feature `inaccessible` as `hidden`. */
function readHiddenNames(supergraph: DocumentNode): HiddenNames {
  const features = readFeatures(supergraph).filter(({ name }) => name !== undefined);
  return {
    prefixes: ['link__', 'join__', ...features.map(({ as }) => `${as}__`)],
    inaccessible: features.find(({ name }) => name === 'inaccessible')?.as ?? 'inaccessible',
  };
}

interface Annotated {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

function isHidden(node: Annotated, hidden: HiddenNames): boolean {
  return node.directives?.some(({ name }) => name.value === hidden.inaccessible) ?? false;
}

function publicDefinition(
  node: DefinitionNode,
  hidden: HiddenNames,
  inaccessible: ReadonlySet<string>,
): DefinitionNode | undefined {
  if (node.kind === Kind.DIRECTIVE_DEFINITION) return publicDirective(node, hidden);
  if (node.kind === Kind.SCHEMA_DEFINITION) return publicRoot(node, inaccessible);
  if (!('name' in node) || node.name === undefined) return undefined;
  const name = node.name.value;
  if (inaccessible.has(name) || hidden.prefixes.some((prefix) => name.startsWith(prefix))) return undefined;
  const visible = <T extends Annotated>(nodes: readonly T[] | undefined) =>
    (nodes ?? []).filter((child) => !isHidden(child, hidden)).map(publicDirectivesOnly);
  const named = <T extends { readonly name: { readonly value: string } }>(nodes: readonly T[] | undefined) =>
    (nodes ?? []).filter((child) => !inaccessible.has(child.name.value));
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION: {
      const fields = visible(node.fields).map((field) => ({ ...field, arguments: visible(field.arguments) }));
      return { ...node, directives: [], fields, interfaces: named(node.interfaces) };
    }
    case Kind.UNION_TYPE_DEFINITION:
      return { ...node, directives: [], types: named(node.types) };
    case Kind.ENUM_TYPE_DEFINITION:
      return { ...node, directives: [], values: visible(node.values) };
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      return { ...publicDirectivesOnly(node), fields: visible(node.fields) };
    case Kind.SCALAR_TYPE_DEFINITION:
      return publicDirectivesOnly(node);
    default:
      return undefined;
  }
}

/** Of the composed directives clients use those that operations may carry. @defer is defined by the gateway itself. */
function publicDirective(node: DirectiveDefinitionNode, hidden: HiddenNames): DirectiveDefinitionNode | undefined {
  const name = node.name.value;
  if (name === 'defer' || name === 'stream' || hidden.prefixes.some((prefix) => name.startsWith(prefix)))
    return undefined;
  const locations = node.locations.filter(({ value }) => executableLocations.has(value));
  const args = node.arguments?.filter((arg) => !isHidden(arg, hidden)).map(publicDirectivesOnly);
  return locations.length > 0 ? { ...node, locations, ...(args && { arguments: args }) } : undefined;
}

function publicRoot(node: SchemaDefinitionNode, inaccessible: ReadonlySet<string>): SchemaDefinitionNode {
  const operationTypes = node.operationTypes.filter(({ type }) => !inaccessible.has(type.name.value));
  return { ...node, directives: [], operationTypes };
}

function publicDirectivesOnly<T extends Annotated>(node: T): T {
  if (!node.directives?.length) return node;
  return { ...node, directives: node.directives.filter(({ name }) => publicDirectives.has(name.value)) };
}
