import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import type { ContextValue, EntityFetchNode, PathStep } from '../plan.ts';
import { type Asking, type Coverage, placesAt } from './coverage.ts';

/** Whether the values from above that a step asks with (@fromContext) are asked for, on every object that may have them. */
export function isInContext({ context, groups }: EntityFetchNode, asking: Asking): boolean {
  if (!context) return true;
  const { types } = asking.scope;
  return context.every(({ up, path }) =>
    groups.every(({ paths }) =>
      paths.every((way) => placesAt(asking, above(way, up)).every((place) => isAskedAlong(place, path, types))),
    ),
  );
}

/** The way to the object that is so many fields above the last one. */
function above(path: readonly PathStep[], up: number): readonly PathStep[] {
  const fields = path.flatMap((step, index) => (step.kind === 'field' ? [index] : []));
  return path.slice(0, fields[fields.length - up] ?? 0);
}

function isAskedAlong(place: Coverage, [step, ...rest]: ContextValue['path'], types: TypeIndex): boolean {
  if (!step) return true;
  const possible = [...(place.possible ?? [])];
  if (step.kind === 'types') {
    const isOne = (type: string) => step.names.some((name) => name === type || types.possible(name).has(type));
    return isAskedAlong({ ...place, possible: new Set(possible.filter(isOne)) }, rest, types);
  }
  return possible.every((type) => {
    const child = place.fields.get(type)?.get(step.name);
    return child !== undefined && isAskedAlong(child, rest, types);
  });
}
