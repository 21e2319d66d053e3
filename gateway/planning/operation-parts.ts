import type { FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';

export interface OperationParts {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}
