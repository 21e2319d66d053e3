import { Kind, type SelectionNode } from 'graphql';
import type { FieldAnswer, SubgraphTypes } from '../../../supergraph/subgraph-types.ts';

/** How a subgraph is reached: over how many others, by which of its keys. */
export interface Route {
  readonly hops: number;
  readonly key: readonly SelectionNode[];
}

export interface RouteScope {
  readonly subgraphTypes: SubgraphTypes;
  readonly isActive: (answer: FieldAnswer) => boolean;
}

/** Subgraphs that answer the field of objects of the type, without or with other fields that it requires. */
export const answersOf = ({ subgraphTypes, isActive }: RouteScope, type: string, name: string): readonly string[] =>
  subgraphTypes
    .answersOf(type, name)
    .filter(isActive)
    .map(({ service }) => service);

/** Whether the subgraph gives a field of a key, with what is below it, along with objects of the type. */
export function givesField(scope: RouteScope, service: string, type: string, node: SelectionNode): boolean {
  const { subgraphTypes } = scope;
  if (node.kind === Kind.FRAGMENT_SPREAD) return false;
  if (node.kind === Kind.INLINE_FRAGMENT) {
    const condition = node.typeCondition?.name.value ?? type;
    return node.selectionSet.selections.every((one) => givesField(scope, service, condition, one));
  }
  const name = node.name.value;
  if (name === '__typename') return true;
  if (!answersOf(scope, type, name).includes(service)) return false;
  if (subgraphTypes.requirementOf(service, type, name).length > 0) return false;
  const below = node.selectionSet?.selections ?? [];
  const fieldType = subgraphTypes.fieldType(service, type, name);
  if (below.length === 0 || fieldType === undefined) return true;
  return [...subgraphTypes.possibleIn(service, fieldType)].every((inner) =>
    below.every((one) => givesField(scope, service, inner, one)),
  );
}

/**
 * The ways from some subgraphs, which give objects of a type, to all others that can be reached by keys.
 * @param isGiven whether the objects come with the field anyway
 */
export function routesFrom(
  scope: RouteScope,
  type: string,
  services: readonly string[],
  given: readonly string[],
  isGiven: (node: SelectionNode) => boolean,
): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  let sources = given;
  for (let hops = 0; sources.length > 0; hops += 1) {
    const reached: string[] = [];
    const all = [...given, ...routes.keys()];
    for (const service of services) {
      if (routes.has(service)) continue;
      const key = scope.subgraphTypes
        .keysOf(service, type)
        .find((one) =>
          one.every((node) => isGiven(node) || all.some((source) => givesField(scope, source, type, node))),
        );
      if (!key) continue;
      reached.push(service);
      routes.set(service, { hops, key });
    }
    sources = reached;
  }
  return routes;
}
