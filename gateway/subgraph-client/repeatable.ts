import { Kind, parse } from 'graphql';
import type { PreparedRequest, SubgraphCall } from './subgraph-client.ts';

const rootFieldCounts = new WeakMap<PreparedRequest, number>();

/**
 * Whether doing the call twice is doing it once. Queries always; a mutation only where `keyName` is configured and its
 * variables hold a key of that name for its only field: with two fields, one key could not stand for both.
 */
export function isRepeatable({ request, variables }: SubgraphCall, keyName: string | undefined): boolean {
  if (request.operationKind === 'query') return true;
  if (request.operationKind !== 'mutation' || keyName === undefined) return false;
  return rootFieldsOf(request) === 1 && holdsKey(JSON.parse(variables), keyName);
}

function rootFieldsOf(request: PreparedRequest): number {
  const known = rootFieldCounts.get(request);
  if (known !== undefined) return known;
  const operations = parse(request.operation, { noLocation: true }).definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? [node] : [],
  );
  const selections = operations.flatMap(({ selectionSet }) => selectionSet.selections);
  const count = selections.every(({ kind }) => kind === Kind.FIELD) ? selections.length : Number.POSITIVE_INFINITY;
  rootFieldCounts.set(request, count);
  return count;
}

function holdsKey(value: unknown, name: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, inner]) => (key === name && typeof inner === 'string' && inner !== '') || holdsKey(inner, name),
  );
}
