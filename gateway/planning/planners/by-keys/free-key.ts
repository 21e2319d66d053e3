import type { SubgraphTypes } from '../../../supergraph/subgraph-types.ts';
import type { Ids } from './ids.ts';
import type { Spot, Wanted } from './place.ts';

/**
 * The key under which a request asks for a field: the wanted one, unless the same request asks there for something
 * else, or for objects of another type, for what is wrapped in other lists and non-nulls (specification 5.3.2).
 */
export function freeKey(
  { subgraphTypes, ids }: { readonly subgraphTypes: SubgraphTypes; readonly ids: Ids },
  spot: Spot,
  group: readonly Wanted[],
  names: ReadonlySet<string>,
  source: string,
): string | undefined {
  const [first] = group;
  if (!first) return undefined;
  const { step, keys, asked } = spot;
  const taken = [...names].flatMap((name) => asked.get(name)?.get(first.key) ?? []);
  if (taken.some((field) => field.source !== source)) return undefined;
  if (taken.length > 0) return first.key;
  const shapes = group.map(({ type, nodes }) => subgraphTypes.fieldShape(spot.service, type, nodes[0].name.value));
  const [shape = ''] = shapes;
  if (shapes.some((other) => other !== shape)) return undefined;
  const where = [...keys, first.key].join('/');
  const known = step.shapes.get(where) ?? shape;
  if (known === shape) {
    step.shapes.set(where, shape);
    return first.key;
  }
  if (names.size !== group.length || (keys.length === 0 && !step.tells)) return undefined;
  const own = `_as${ids.of(`${where} ${shape}`)}_${first.key}`;
  const path = [
    ...keys.map((name) => ({ kind: 'key', name }) as const),
    { kind: 'types', names: group.map(({ type }) => type) } as const,
    { kind: 'key', name: own } as const,
  ];
  step.renames.unshift({ kind: 'rename', path, to: first.key });
  return own;
}
