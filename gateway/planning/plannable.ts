import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { typename } from './ask-typenames.ts';

/**
 * The documents that the planner gets for one operation, to be run one after the other.
 *
 * Introspection and `__typename` at the root are answered by the gateway, so they are taken out. A mutation with
 * several root fields becomes one document per field: the specification (6.2.2) wants each field complete, joins to other
 * subgraphs included, before the next begins, and a plan for all of them runs such joins beside the next mutation.
 */
export function toPlannable(operation: OperationDefinitionNode, fragments: Fragments): readonly DocumentNode[] {
  const selections = inlineSpreads(operation.selectionSet.selections, fragments, isData);
  if (selections.length === 0) return [];
  if (operation.operation !== 'mutation') return [documentWith(operation, selections, fragments)];
  return groupByKey(selections.flatMap(splitFields)).map((group) => documentWith(operation, group, fragments));
}

/** The root selections of an operation, for each key of its answer. */
export function rootFieldsApart(
  { selectionSet }: OperationDefinitionNode,
  fragments: Fragments,
): readonly (readonly SelectionNode[])[] {
  return groupByKey(inlineSpreads(selectionSet.selections, fragments, () => true).flatMap(splitFields));
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Whether it is not introspection. */
const isData = ({ name }: FieldNode) => !name.value.startsWith('__');

/** The root selections with some of the fields; spreads become inline, so that what they hold can be taken out. */
function inlineSpreads(
  selections: readonly SelectionNode[],
  fragments: Fragments,
  isWanted: (field: FieldNode) => boolean,
): SelectionNode[] {
  return selections.flatMap((node): SelectionNode[] => {
    if (node.kind === Kind.FIELD) return isWanted(node) ? [node] : [];
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
    const inner = inlineSpreads(fragment?.selectionSet.selections ?? [], fragments, isWanted);
    return inner.length === 0 ? [] : [inlined(node, fragment?.typeCondition, inner)];
  });
}

function inlined(
  node: SelectionNode,
  typeCondition: InlineFragmentNode['typeCondition'],
  selections: readonly SelectionNode[],
): InlineFragmentNode {
  return {
    kind: Kind.INLINE_FRAGMENT,
    ...(typeCondition && { typeCondition }),
    directives: node.directives ?? [],
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
}

interface RootField {
  readonly key: string;
  readonly selection: SelectionNode;
}

function splitFields(node: SelectionNode): RootField[] {
  if (node.kind === Kind.FIELD) return [{ key: node.alias?.value ?? node.name.value, selection: node }];
  if (node.kind !== Kind.INLINE_FRAGMENT) return [];
  return node.selectionSet.selections
    .flatMap(splitFields)
    .map(({ key, selection }) => ({ key, selection: inlined(node, node.typeCondition, [selection]) }));
}

function groupByKey(fields: readonly RootField[]): SelectionNode[][] {
  const groups = new Map<string, SelectionNode[]>();
  for (const { key, selection } of fields) groups.set(key, [...(groups.get(key) ?? []), selection]);
  return [...groups.values()];
}

/** The operation with other selections, and with the variables and fragments that they use. */
export function documentWith(
  operation: OperationDefinitionNode,
  selections: readonly SelectionNode[],
  fragments: Fragments,
): DocumentNode {
  const selectionSet = { kind: Kind.SELECTION_SET, selections } as const;
  const { variables, spreads } = readUsage(selections, fragments);
  const definition: OperationDefinitionNode = {
    ...operation,
    directives: [],
    variableDefinitions: (operation.variableDefinitions ?? []).filter((node) =>
      variables.has(node.variable.name.value),
    ),
    selectionSet,
  };
  const used = [...fragments.values()].filter((fragment) => spreads.has(fragment.name.value));
  return { kind: Kind.DOCUMENT, definitions: [tidy(definition), ...used.map(tidy)] };
}

/**
 * `holds: holds` means `holds`; beside a plain `holds` the planner takes it for another field, without selections. And
 * where a condition left nothing to select, the object itself is still asked for.
 */
function tidy<T extends { readonly selectionSet: SelectionSetNode }>(node: T): T {
  return { ...node, selectionSet: tidySet(node.selectionSet) };
}

function tidySet(set: SelectionSetNode): SelectionSetNode {
  const selections: SelectionNode[] = set.selections.length === 0 ? [typename] : [];
  for (const node of set.selections) selections.push(tidySelection(node));
  return { ...set, selections };
}

function tidySelection(node: SelectionNode): SelectionNode {
  if (node.kind === Kind.FRAGMENT_SPREAD) return node;
  if (node.kind === Kind.INLINE_FRAGMENT) return { ...node, selectionSet: tidySet(node.selectionSet) };
  const { alias, selectionSet, ...rest } = node;
  // The gateway reads types under their own name. The planner asks for `kind: __typename` and then not for `__typename`.
  const isPlain = alias?.value === node.name.value || node.name.value === '__typename';
  return {
    ...rest,
    ...(alias && !isPlain && { alias }),
    ...(selectionSet && { selectionSet: tidySet(selectionSet) }),
  };
}

function readUsage(selections: readonly SelectionNode[], fragments: Fragments) {
  const variables = new Set<string>();
  const spreads = new Set<string>();
  const readValue = (node: ValueNode): void => {
    if (node.kind === Kind.VARIABLE) variables.add(node.name.value);
    else if (node.kind === Kind.LIST) node.values.forEach(readValue);
    else if (node.kind === Kind.OBJECT) for (const { value } of node.fields) readValue(value);
  };
  const readArguments = (node: { readonly arguments?: readonly ArgumentNode[] | undefined }): void => {
    for (const { value } of node.arguments ?? []) readValue(value);
  };
  const read = (nodes: readonly SelectionNode[]): void => {
    for (const node of nodes) {
      node.directives?.forEach(readArguments);
      if (node.kind === Kind.FIELD) readArguments(node);
      if (node.kind !== Kind.FRAGMENT_SPREAD) read(node.selectionSet?.selections ?? []);
      else if (!spreads.has(node.name.value)) readFragment(node.name.value);
    }
  };
  const readFragment = (name: string): void => {
    const fragment = fragments.get(name);
    if (!fragment) return;
    spreads.add(name);
    fragment.directives?.forEach(readArguments);
    read(fragment.selectionSet.selections);
  };
  read(selections);
  return { variables, spreads };
}

/** The fragments of a document by name. */
export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((node) => [node.name.value, node]));
}
