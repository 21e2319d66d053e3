import { type FieldNode, Kind, type SelectionNode } from 'graphql';
import { typename } from '../ask-typenames.ts';
import type { PathStep, Requirement, Rewrite } from '../plan.ts';
import { onType, setOf } from '../selections.ts';
import { type Asking, placesAt } from './coverage.ts';
import { keyFor } from './entity-step.ts';
import { isGiven } from './given-requirements.ts';
import { requirementsFor } from './keyed-requirements.ts';
import { isForeign, providedBelow } from './provided-fields.ts';
import { renamedKey } from './rewrite-paths.ts';

/** Selections of objects that stand at the same places. */
export interface Place {
  readonly paths: readonly (readonly PathStep[])[];
  /** The keys that lead there in the answer of the request, before it is rewritten. */
  readonly keys: readonly string[];
  /** Every type that an object there may have, and those that the selections are for. */
  readonly all: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  /** What the fields above give along with the objects (@provides). */
  readonly provided: readonly SelectionNode[];
  /** What the objects are represented by, where they are entities of this request; `as required` in a step of ours. */
  readonly represented: readonly Requirement[] | 'as required' | undefined;
}

/** A field that has to be asked for in another step. */
export interface Moved {
  readonly place: Place;
  readonly node: FieldNode;
  readonly types: readonly string[];
}

export interface Moving {
  readonly asking: Asking;
  readonly service: string;
  readonly rewrites: readonly Rewrite[];
  readonly moved: Moved[];
  /** The subgraph does not know something that it is asked for. */
  hasForeign: boolean;
}

/** The selections without what has to be asked for in another step, and with the keys that it takes. */
export function keepSelections(
  selections: readonly SelectionNode[],
  place: Place,
  moving: Moving,
): readonly SelectionNode[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) throw new Error('Fragments are inline here.');
    if (node.kind === Kind.FIELD) return keepField(node, place, moving);
    const inner = narrowed(place, node.typeCondition?.name.value, moving);
    if (inner.types.size === 0 && place.types.size > 0) {
      moving.hasForeign = true;
      return [];
    }
    const kept = keepSelections(node.selectionSet.selections, inner, moving);
    return kept.length === 0 ? [] : [{ ...node, selectionSet: setOf(kept) }];
  });
}

function narrowed(place: Place, condition: string | undefined, { asking: { scope } }: Moving): Place {
  if (condition === undefined) return place;
  const wanted = scope.types.possible(condition);
  return { ...place, types: new Set([...place.types].filter((name) => wanted.has(name))) };
}

function keepField(node: FieldNode, place: Place, moving: Moving): readonly SelectionNode[] {
  const { asking, service, moved } = moving;
  const { subgraphTypes } = asking.scope;
  const name = node.name.value;
  const answered = [...place.types].filter(
    (type) => !isForeign(asking.scope, { service, type, name, provided: place.provided }),
  );
  const types = answered.filter((type) => lacksRequirement(node, type, place, moving));
  const others = answered.filter((type) => !types.includes(type));
  if (others.length === place.types.size) {
    if (!node.selectionSet) return [node];
    const kept = keepSelections(node.selectionSet.selections, placeBelow(node, place, moving), moving);
    return [{ ...node, selectionSet: setOf(kept.length === 0 ? [typename] : kept) }];
  }
  if (types.length > 0) moved.push({ place, node, types });
  moving.hasForeign ||= types.length + others.length < place.types.size;
  const known = place.paths.flatMap((path) => placesAt(asking, path));
  const keys = place.represented
    ? []
    : types.map((type) =>
        onType(subgraphTypes.nameIn(service, type), [typename, ...keyFor(asking.scope, service, type, known)]),
      );
  return [...keys, ...others.map((type) => onType(subgraphTypes.nameIn(service, type), [node]))];
}

/** Whether the field requires others that the subgraph is not given. */
function lacksRequirement(node: FieldNode, type: string, place: Place, { asking, service }: Moving): boolean {
  const { subgraphTypes, types } = asking.scope;
  const wanted = subgraphTypes.requirementOf(service, type, node.name.value);
  if (wanted.length === 0 || place.represented === 'as required') return false;
  if (!place.represented) return true;
  const given = requirementsFor(place.represented, type, types);
  const known = place.paths.flatMap((path) => placesAt(asking, path)).map(({ fields }) => fields.get(type));
  return !wanted.every((one) => known.every((fields) => isGiven(one, given, fields)));
}

function placeBelow(node: FieldNode, place: Place, { asking: { scope }, service, rewrites }: Moving): Place {
  const key = (node.alias ?? node.name).value;
  const keys = [...place.keys, key];
  const [type = ''] = place.types;
  const named = scope.subgraphTypes.fieldType(service, type, node.name.value) ?? '';
  const all = scope.subgraphTypes.possibleIn(service, named);
  const shape = scope.subgraphTypes.fieldShape(service, type, node.name.value) ?? '';
  const lists = Array.from(shape.matchAll(/\[/g), (): PathStep => ({ kind: 'list' }));
  const narrowing: PathStep[] = place.types.size < place.all.size ? [{ kind: 'types', names: [...place.types] }] : [];
  const name = renamedKey(keys, rewrites) ?? key;
  const paths = place.paths.map((path) => [...path, ...narrowing, { kind: 'field', name } as const, ...lists]);
  const provided = providedBelow(scope, { service, type, name: node.name.value, provided: place.provided });
  return { paths, keys, all, types: all, provided, represented: undefined };
}
