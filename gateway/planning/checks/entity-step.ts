import { type FieldNode, Kind, type SelectionNode, type VariableDefinitionNode } from 'graphql';
import { entityRequest } from '../entity-request.ts';
import { type EntityFetchNode, type EntityGroup, type Requirement, typenameRequirement } from '../plan.ts';
import { onType, setOf } from '../selections.ts';
import { type Coverage, type CoverageScope, sourceOf } from './coverage.ts';
import { toldAs } from './told-names.ts';

/** A step of our own: fields of objects of some types, for representations of them. */
export interface EntityStep extends Pick<EntityGroup, 'paths' | 'requires' | 'outputRewrites'> {
  readonly service: string;
  readonly types: readonly string[];
  readonly fields: readonly FieldNode[];
  /** The client's, whether the fields use them or not. */
  readonly variables: readonly VariableDefinitionNode[];
}

export function entityStep({ subgraphTypes }: CoverageScope, step: EntityStep): EntityFetchNode {
  const { service, paths, types, requires, fields, outputRewrites } = step;
  const names = new Map(types.map((type) => [type, subgraphTypes.nameIn(service, type)]));
  const selectionSet = setOf([...new Set(names.values())].map((name) => onType(name, fields)));
  return entityRequest({
    service,
    selectionSet,
    variables: step.variables,
    paths,
    requires,
    inputRewrites: [...names].flatMap(([type, name]) => (name === type ? [] : [toldAs(type, name)])),
    outputRewrites,
  });
}

/** A key of the subgraph: one that is asked for anyway, where there is one. */
export function keyFor(
  { subgraphTypes }: CoverageScope,
  service: string,
  type: string,
  known: readonly Coverage[],
): readonly SelectionNode[] {
  const keys = subgraphTypes.keysOf(service, type);
  const isKnown = (key: readonly SelectionNode[]) =>
    key.every(
      (node) => node.kind !== Kind.FIELD || known.every(({ fields }) => fields.get(type)?.has(node.name.value)),
    );
  return keys.find(isKnown) ?? keys[0] ?? [];
}

/** What represents objects of the type by these fields of theirs. */
export const representationOf = (
  type: string,
  fields: readonly SelectionNode[],
  known: readonly Coverage[],
): Requirement => ({
  kind: 'types',
  condition: type,
  selections: [typenameRequirement, ...fields.map((field) => toRequirement(field, type, known))],
});

/** Read where the same field with the same arguments was asked for, whatever it is called there. */
function toRequirement(node: SelectionNode, type: string | undefined, known: readonly Coverage[]): Requirement {
  if (node.kind === Kind.FRAGMENT_SPREAD) throw new Error('Field sets have no named fragments.');
  if (node.kind === Kind.INLINE_FRAGMENT) {
    const condition = node.typeCondition?.name.value ?? type ?? '';
    const below = node.selectionSet.selections.map((one) => toRequirement(one, condition, known));
    return { kind: 'types', condition, selections: below };
  }
  const own = node.name.value;
  const source = sourceOf(node);
  const asked = known.flatMap(({ fields }) =>
    [...fields].flatMap(([each, keys]) => (type === undefined || each === type ? [...keys] : [])),
  );
  const alike = asked.filter(([, { source: other }]) => other === source);
  const key = alike.some(([name]) => name === own) ? own : (alike[0]?.[0] ?? own);
  const below = alike.flatMap(([name, coverage]) => (name === key ? [coverage] : []));
  return {
    kind: 'field',
    name: key,
    alias: key === own ? undefined : own,
    selections: (node.selectionSet?.selections ?? []).map((one) => toRequirement(one, undefined, below)),
  };
}
