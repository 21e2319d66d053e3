import {
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  type InlineFragmentNode,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionNode,
} from 'graphql';
import { inlineFragments } from './inline-fragments.ts';
import { onType, setOf } from './selections.ts';

/** Selections that the document may grow to: a fragment on an interface stands there once for each type behind it. */
const maxSelections = 2000;

/** What is written out for each object type behind an interface. */
export type WrittenOut = 'fragments' | 'fields';

interface Writing {
  readonly schema: GraphQLSchema;
  readonly what: WrittenOut;
  left: number;
  isChanged: boolean;
}

/**
 * The same operation, more concrete.
 *
 * `fragments`: without those that lead from one interface or union to another; in their places stand fragments on the
 * object types that are behind both. A subgraph that knows one of the two only as an @interfaceObject cannot be asked
 * for the other, and then neither planner (version 0.0.38, and Apollo's 2.14) finds a way; to object types the second does.
 *
 * `fields`: the fields of an interface, too, stand in fragments on the types behind it. Neither planner finds the field of
 * an interface that a subgraph has for some of the types, where the objects come from several subgraphs.
 * @returns undefined where it has none, or would become too large
 */
export function concreteOperation(
  document: DocumentNode,
  schema: GraphQLSchema,
  what: WrittenOut,
): DocumentNode | undefined {
  const writing: Writing = { schema, what, left: maxSelections, isChanged: false };
  const definitions = inlineFragments(document).definitions.map((node) => {
    if (node.kind !== Kind.OPERATION_DEFINITION) return node;
    const root = schema.getRootType(node.operation);
    return root ? { ...node, selectionSet: setOf(write(writing, node.selectionSet.selections, root)) } : node;
  });
  return writing.isChanged && writing.left > 0 ? { ...document, definitions } : undefined;
}

function write(
  writing: Writing,
  selections: readonly SelectionNode[],
  parent: GraphQLCompositeType,
): readonly SelectionNode[] {
  return selections.flatMap((node): readonly SelectionNode[] => {
    writing.left -= 1;
    if (writing.left <= 0 || node.kind === Kind.FRAGMENT_SPREAD) return [];
    return node.kind === Kind.FIELD ? writeField(writing, node, parent) : writeFragment(writing, node, parent);
  });
}

function writeField(writing: Writing, node: FieldNode, parent: GraphQLCompositeType): readonly SelectionNode[] {
  if (node.name.value === '__typename') return [node];
  if (writing.what === 'fields' && isAbstractType(parent)) {
    writing.isChanged = true;
    return writing.schema
      .getPossibleTypes(parent)
      .map((type) => onType(type.name, write(writing, [node], type)))
      .filter(({ selectionSet }) => selectionSet.selections.length > 0);
  }
  const fields = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields() : {};
  const type = getNamedType(fields[node.name.value]?.type);
  if (!node.selectionSet || !isCompositeType(type)) return [node];
  return [{ ...node, selectionSet: setOf(write(writing, node.selectionSet.selections, type)) }];
}

function writeFragment(
  writing: Writing,
  node: InlineFragmentNode,
  parent: GraphQLCompositeType,
): readonly SelectionNode[] {
  const { schema } = writing;
  const { selections } = node.selectionSet;
  const condition = schema.getType(node.typeCondition?.name.value ?? parent.name);
  const on = (type: GraphQLCompositeType): readonly SelectionNode[] => {
    const inner = write(writing, selections, type);
    const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } } as const;
    return inner.length === 0 ? [] : [{ ...node, typeCondition, selectionSet: setOf(inner) }];
  };
  if (!isCompositeType(condition)) return [node];
  if (condition === parent) return on(parent);
  const behind = isAbstractType(parent) ? schema.getPossibleTypes(parent) : [parent];
  if (isObjectType(condition)) return behind.includes(condition) ? on(condition) : [];
  writing.isChanged = true;
  return behind.filter((type) => schema.isSubType(condition, type)).flatMap(on);
}
