import { print, type SelectionSetNode, stripIgnoredCharacters, type VariableDefinitionNode } from 'graphql';
import type { EntityFetchNode, EntityGroup } from './plan.ts';
import { usedDefinitions } from './selections.ts';

export interface EntityRequest extends Omit<EntityGroup, 'alias' | 'variable'> {
  readonly service: string;
  /** Of the entities. */
  readonly selectionSet: SelectionSetNode;
  /** The client's, whether the selections use them or not. */
  readonly variables: readonly VariableDefinitionNode[];
}

/** A step of our own that asks a subgraph for entities. */
export function entityRequest({ service, selectionSet, variables, ...places }: EntityRequest): EntityFetchNode {
  const definitions = usedDefinitions(selectionSet, variables);
  const variable = representationsName(definitions);
  const head = [`$${variable}:[_Any!]!`, ...definitions.map((node) => print(node))];
  const operation = `query(${head}){_entities(representations:$${variable})${print(selectionSet)}}`;
  const request = {
    operationKind: 'query',
    operation: stripIgnoredCharacters(operation),
    operationName: undefined,
    variables: definitions.map(({ variable }) => variable.name.value),
  } as const;
  const group: EntityGroup = { alias: '_entities', variable, ...places };
  return { kind: 'entities', service, request, groups: [group] };
}

/** A name for a list of representations, or the beginning of several, which none of the client's variables has. */
export function representationsName(variables: readonly VariableDefinitionNode[]): string {
  let name = 'representations';
  while (variables.some(({ variable }) => variable.name.value.startsWith(name))) name = `_${name}`;
  return name;
}
