import {
  type DocumentNode,
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

interface Writing {
  readonly schema: GraphQLSchema;
  left: number;
  isChanged: boolean;
}

/**
 * The operation without fragments that lead from one interface or union to another: in their places stand fragments on the
 * object types that are behind both. A subgraph that knows one of the two only as an @interfaceObject cannot be asked
 * for the other, and then neither planner (version 0.0.38, and Apollo's 2.14) finds a way; to object types the second does.
 *
 * Fields stay where they are: one of an interface that no subgraph has for all of its types has no plan in any gateway, and
 * the public audit wants it refused.
 * @returns undefined where it has none, or would become too large
 */
export function concreteFragments(document: DocumentNode, schema: GraphQLSchema): DocumentNode | undefined {
  const writing: Writing = { schema, left: maxSelections, isChanged: false };
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
    if (node.kind === Kind.INLINE_FRAGMENT) return writeFragment(writing, node, parent);
    const fields = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields() : {};
    const type = getNamedType(fields[node.name.value]?.type);
    if (!node.selectionSet || !isCompositeType(type)) return [node];
    return [{ ...node, selectionSet: setOf(write(writing, node.selectionSet.selections, type)) }];
  });
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
    return inner.length === 0 ? [] : [{ ...node, ...onType(type.name, inner) }];
  };
  if (!isCompositeType(condition)) return [node];
  if (condition === parent) return on(parent);
  const behind = isAbstractType(parent) ? schema.getPossibleTypes(parent) : [parent];
  if (isObjectType(condition)) return behind.includes(condition) ? on(condition) : [];
  writing.isChanged = true;
  return behind.filter((type) => schema.isSubType(condition, type)).flatMap(on);
}
