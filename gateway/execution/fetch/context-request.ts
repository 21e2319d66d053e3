import {
  type DocumentNode,
  type FieldNode,
  Kind,
  print,
  type SelectionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import { typename } from '../../planning/ask-typenames.ts';
import { changedRequest } from '../../planning/changed-request.ts';
import { inlineFragments } from '../../planning/inline-fragments.ts';
import { parseRequest } from '../../planning/parse-request.ts';
import type { EntityFetchNode, EntityGroup } from '../../planning/plan.ts';
import { setOf, usedVariables } from '../../planning/selections.ts';

/** The fetch without the fields that read one of the variables. @returns undefined where it would ask for nothing */
export const withoutFieldsOf = (node: EntityFetchNode, names: readonly string[]): EntityFetchNode | undefined =>
  selectFields(node, (own, all) => {
    if (names.some((name) => own.has(name))) return 'leave out';
    return names.some((name) => all.has(name)) ? 'look below' : 'keep';
  });

/** The fetch with those only, and with those above them. */
export const onlyFieldsOf = (node: EntityFetchNode, name: string): EntityFetchNode | undefined =>
  selectFields(node, (own, all) => {
    if (own.has(name)) return 'keep';
    return all.has(name) ? 'look below' : 'leave out';
  });

/** @param own the variables that a field itself reads; `all`: and those below it */
type Choose = (own: ReadonlySet<string>, all: ReadonlySet<string>) => 'keep' | 'look below' | 'leave out';

function selectFields(node: EntityFetchNode, choose: Choose): EntityFetchNode | undefined {
  let isEmpty = true;
  const chosenField = (field: FieldNode): readonly FieldNode[] => {
    const { selectionSet, ...own } = field;
    const choice = choose(usedVariables(own), usedVariables(field));
    if (choice === 'leave out') return [];
    isEmpty = false;
    if (choice === 'keep' || !selectionSet) return [field];
    const below = chosen(selectionSet);
    return [{ ...field, selectionSet: below.selections.length > 0 ? below : setOf([typename]) }];
  };
  const chosen = ({ selections }: SelectionSetNode): SelectionSetNode =>
    setOf(
      selections.flatMap((one): readonly SelectionNode[] => {
        if (one.kind === Kind.FIELD) return one.name.value === '__typename' ? [one] : chosenField(one);
        if (one.kind === Kind.FRAGMENT_SPREAD) throw new Error('Fragments are inline here.');
        const selectionSet = chosen(one.selectionSet);
        return selectionSet.selections.length > 0 ? [{ ...one, selectionSet }] : [];
      }),
    );
  const document = inlineFragments(parseRequest(node.request.operation));
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const selections = definition.selectionSet.selections.map((one) =>
      one.kind === Kind.FIELD && one.selectionSet ? { ...one, selectionSet: chosen(one.selectionSet) } : one,
    );
    return { ...definition, selectionSet: { ...definition.selectionSet, selections } };
  });
  if (isEmpty) return undefined;
  return { ...node, request: changedRequest(node.request, { ...document, definitions }) };
}

/** The fetch with one group, and variables of its own, for each combination of values. */
export function repeated(
  node: EntityFetchNode,
  group: EntityGroup,
  names: readonly string[],
  count: number,
): EntityFetchNode {
  const document = parseRequest(node.request.operation);
  const each = Array.from({ length: count }, (_, index) => index);
  const isOwn = (name: string) => name === group.variable || names.includes(name);
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const { variableDefinitions = [], selectionSet } = definition;
    return {
      ...definition,
      variableDefinitions: variableDefinitions.flatMap((one): readonly VariableDefinitionNode[] =>
        isOwn(one.variable.name.value) ? each.map((index) => suffixed(one, index, isOwn)) : [one],
      ),
      selectionSet: {
        ...selectionSet,
        selections: each.flatMap((index) =>
          selectionSet.selections.map(
            (one): SelectionNode => ({
              ...suffixed(one, index, isOwn),
              ...(one.kind === Kind.FIELD && { alias: { kind: Kind.NAME, value: `_context${index}` } }),
            }),
          ),
        ),
      },
    };
  });
  const { context: _, ...plain } = node;
  const others = node.request.variables.filter((name) => !isOwn(name));
  return {
    ...plain,
    request: {
      ...node.request,
      operation: print({ ...document, definitions } as DocumentNode),
      variables: [...others, ...each.flatMap((index) => names.map((name) => `${name}_${index}`))],
    },
    groups: each.map((index) => ({ ...group, alias: `_context${index}`, variable: `${group.variable}_${index}` })),
  };
}

const suffixed = <T extends SelectionNode | VariableDefinitionNode>(
  node: T,
  index: number,
  isOwn: (name: string) => boolean,
): T =>
  visit(node, {
    Variable: (variable) => {
      const { value } = variable.name;
      return isOwn(value) ? { ...variable, name: { kind: Kind.NAME, value: `${value}_${index}` } } : undefined;
    },
  });
