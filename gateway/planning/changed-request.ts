import { type DocumentNode, Kind, print, stripIgnoredCharacters } from 'graphql';
import type { PlannedRequest } from './plan.ts';
import { usedVariables } from './selections.ts';

/** The request for what has become of its document: a subgraph refuses variables that nothing uses. */
export function changedRequest(request: PlannedRequest, document: DocumentNode): PlannedRequest {
  const used = usedVariables(document);
  const definitions = document.definitions.map((node): typeof node => {
    if (node.kind !== Kind.OPERATION_DEFINITION) return node;
    const variableDefinitions = node.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value));
    return { ...node, variableDefinitions: variableDefinitions ?? [] };
  });
  const operation = stripIgnoredCharacters(print({ ...document, definitions }));
  return { ...request, operation, variables: request.variables.filter((name) => used.has(name)) };
}
