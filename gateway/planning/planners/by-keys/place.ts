import type { FieldNode, SelectionNode } from 'graphql';
import type { CoverageScope } from '../../checks/coverage.ts';
import { providedBelow } from '../../checks/provided-fields.ts';
import type { PathStep, Requirement } from '../../plan.ts';
import type { RouteScope } from './key-routes.ts';
import type { AskedTypes, PlannedStep } from './planned-step.ts';

export interface KeyPlannerScope extends CoverageScope, RouteScope {}

/** Objects that stand at one place of the response. */
export interface Place {
  readonly path: readonly PathStep[];
  types: ReadonlySet<string>;
  /** The interface that nobody has yet told more of than its name. */
  untold: string | undefined;
  readonly spots: Spot[];
  /** The steps without which there are no objects here. */
  readonly reached: ReadonlySet<PlannedStep>;
  /** Those, and the ones that tell the types of the objects. */
  readonly before: Set<PlannedStep>;
  readonly depth: number;
  /** What is asked for because others need it. */
  readonly needs: Map<string, Need>;
}

/** Where a request asks for fields of the objects of a place. */
export interface Spot {
  readonly step: PlannedStep;
  readonly asked: AskedTypes;
  readonly service: string;
  readonly types: ReadonlySet<string>;
  /** What the fields above also give here (@provides). */
  readonly provided: readonly SelectionNode[];
  /** The keys that lead here in the answer of the request, before it is rewritten. */
  readonly keys: readonly string[];
}

export interface Need {
  readonly requirement: Requirement | undefined;
  readonly before: ReadonlySet<PlannedStep>;
}

/** A field of objects of one type. */
export interface Wanted {
  readonly type: string;
  readonly key: string;
  /** As it is selected, from everywhere. */
  readonly nodes: readonly [FieldNode, ...FieldNode[]];
  /** Who cannot answer it, or has answered what it can. */
  readonly without: ReadonlySet<string>;
}

/** Who is asked for a field that the objects do not come with. */
export interface Choice {
  readonly service: string;
  readonly key: readonly SelectionNode[];
  readonly requires: readonly SelectionNode[];
}

export const without = (one: Wanted, service: string): Wanted => ({
  ...one,
  without: new Set([...one.without, service]),
});

export interface FieldBelow {
  readonly key: string;
  readonly below: AskedTypes;
  /** As the subgraph says. */
  readonly fieldType: string;
  readonly types: ReadonlySet<string>;
}

/** The place of the objects of a field that a request asks for. */
export function placeBelow(
  scope: KeyPlannerScope,
  place: Place,
  spot: Spot,
  group: readonly Wanted[],
  field: FieldBelow,
): Place {
  const { subgraphTypes } = scope;
  const [first] = group;
  const { step, service } = spot;
  const [type = '', name = ''] = [first?.type, first?.nodes[0].name.value];
  const lists = Array.from(
    (subgraphTypes.fieldShape(service, type, name) ?? '').matchAll(/\[/g),
    (): PathStep => ({
      kind: 'list',
    }),
  );
  const types = group.map((one) => one.type);
  const narrowing: PathStep[] = types.length < place.types.size ? [{ kind: 'types', names: types }] : [];
  const reached = new Set([...(narrowing.length > 0 ? place.before : place.reached), step]);
  const isObject = subgraphTypes.isInterfaceObject(service, field.fieldType);
  const below: Place = {
    path: [...place.path, ...narrowing, { kind: 'field', name: first?.key ?? '' }, ...lists],
    types: field.types,
    untold: isObject ? field.fieldType : undefined,
    spots: [],
    reached,
    before: new Set(reached),
    depth: place.depth + 1,
    needs: new Map(),
  };
  below.spots.push({
    step,
    asked: field.below,
    service,
    types: field.types,
    provided: providedBelow(scope, { service, type, name, provided: spot.provided }),
    keys: [...spot.keys, field.key],
  });
  return below;
}
