import { changeGroups } from '../fetches.ts';
import type { EntityGroup, PlanNode, Rewrite } from '../plan.ts';
import { conditionedTypes, type KeyScope } from './keyed-requirements.ts';

/** An object of an interface that the subgraph knows as an object is told as one. */
export const toldAs = (type: string, name: string): Rewrite => ({
  kind: 'set',
  path: [
    { kind: 'types', names: [type] },
    { kind: 'key', name: '__typename' },
  ],
  value: name,
});

/**
 * The plan with every representation under a name that its subgraph knows. Where the planner of version 0.0.38 joins two
 * steps in one request, it forgets for the second that the subgraph knows the type as an @interfaceObject only.
 */
export function withToldNames(plan: PlanNode, scope: KeyScope): PlanNode {
  return changeGroups(plan, (group, service) => withNames(group, service, scope));
}

function withNames(group: EntityGroup, service: string, { types, subgraphTypes }: KeyScope): EntityGroup {
  const told = new Set(group.inputRewrites.flatMap(toldTypes).flatMap((name) => [name, ...types.possible(name)]));
  const missing = conditionedTypes(group, types).flatMap((type) => {
    const name = subgraphTypes.nameIn(service, type);
    return name === type || told.has(type) ? [] : [toldAs(type, name)];
  });
  return missing.length === 0 ? group : { ...group, inputRewrites: [...group.inputRewrites, ...missing] };
}

function toldTypes({ kind, path }: Rewrite): readonly string[] {
  const [condition, key, ...below] = path;
  const isName = kind === 'set' && key?.kind === 'key' && key.name === '__typename' && below.length === 0;
  return isName && condition?.kind === 'types' ? condition.names : [];
}
