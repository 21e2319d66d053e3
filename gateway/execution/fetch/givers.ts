import { fetchesOf } from '../../planning/fetches.ts';
import { type EntityFetchNode, type FetchNode, keysOfPath, type PlanNode } from '../../planning/plan.ts';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import type { FindGivers } from '../run.ts';
import { readRootShapes, readShapes, renameShapes, type Shape } from './shape.ts';

/** What one subgraph is asked for at one place. */
interface Asked {
  readonly service: string;
  readonly at: readonly string[];
  readonly shapes: readonly Shape[];
}

/** Costs nothing until somebody wants to know, which is when a subgraph has sent what does not fit. */
export function createFindGivers(plans: readonly PlanNode[], types: TypeIndex): FindGivers {
  let asked: readonly Asked[] | undefined;
  return (keys, coordinate) => {
    asked ??= plans.flatMap((plan) => [...fetchesOf(plan)].flatMap((node) => askedIn(node, types)));
    const [name, parent] = coordinate.split('.').reverse();
    const isMeant = (shape: Shape) =>
      shape.name === name && (!shape.types || parent === undefined || overlap(shape.types, parent, types));
    const givers = asked.filter(({ at, shapes }) => leadsTo(at, shapes, keys, isMeant));
    return [...new Set(givers.map(({ service }) => service))];
  };
}

function askedIn(node: FetchNode | EntityFetchNode, types: TypeIndex): readonly Asked[] {
  const { service, request } = node;
  if (node.kind === 'fetch') {
    const shapes = renameShapes(readRootShapes(request.operation, types), node.outputRewrites);
    return [{ service, at: keysOfPath(node.path), shapes }];
  }
  const shapes = readShapes(request.operation, types);
  return node.groups.flatMap(({ alias, paths, outputRewrites }) => {
    const own = renameShapes(shapes.get(alias) ?? [], outputRewrites);
    return paths.map((path) => ({ service, at: keysOfPath(path), shapes: own }));
  });
}

function leadsTo(
  at: readonly string[],
  shapes: readonly Shape[],
  way: readonly string[],
  isMeant: (shape: Shape) => boolean,
): boolean {
  if (way.length <= at.length || at.some((key, index) => way[index] !== key)) return false;
  const [last, ...above] = way.slice(at.length).reverse();
  const found = above.reduceRight((some, key) => named(some, key).flatMap(({ children }) => children), shapes);
  return named(found, last).some(isMeant);
}

const named = (shapes: readonly Shape[], key: string | undefined) => shapes.filter((shape) => shape.key === key);

function overlap(some: ReadonlySet<string>, parent: string, types: TypeIndex): boolean {
  for (const name of types.possible(parent)) if (some.has(name)) return true;
  return false;
}
