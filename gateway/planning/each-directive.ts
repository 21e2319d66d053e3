import type { DirectiveNode, SelectionSetNode } from 'graphql';
import type { OperationParts } from './operation-parts.ts';

/** Calls `run` with each directive of what an operation selects, in its fragments as well. */
export function eachDirective({ operation, fragments }: OperationParts, run: (directive: DirectiveNode) => void): void {
  const look = ({ selections }: SelectionSetNode): void => {
    for (const node of selections) {
      node.directives?.forEach(run);
      if ('selectionSet' in node && node.selectionSet) look(node.selectionSet);
    }
  };
  look(operation.selectionSet);
  for (const { selectionSet } of fragments.values()) look(selectionSet);
}
