import {
  type FieldNode,
  type FragmentSpreadNode,
  type InlineFragmentNode,
  Kind,
  type OperationTypeNode,
  type SelectionNode,
} from 'graphql';
import { fetchesOf } from '../fetches.ts';
import type { EntityFetchNode, EntityGroup, FetchNode, PlanNode, Requirement } from '../plan.ts';
import { isInContext } from './asked-context.ts';
import {
  type Asking,
  type Coverage,
  type CoverageScope,
  intersection,
  newCoverage,
  placesAt,
  placesBelow,
  restrict,
  sourceOf,
} from './coverage.ts';
import { areGivenRequirements } from './given-requirements.ts';
import { holdsKey, requirementsFor } from './keyed-requirements.ts';
import { isForeign, providedBelow } from './provided-fields.ts';
import { type Fetched, giverOf, readFetch } from './read-fetch.ts';

/** Notes what a step of a plan asks for. */
export function noteNode(node: PlanNode, asking: Asking): void {
  for (const fetch of fetchesOf(node)) {
    if (fetch.kind === 'fetch') noteFetch(fetch, asking);
    else for (const group of fetch.groups) noteGroup(fetch, group, asking);
  }
}

function noteFetch(node: FetchNode, asking: Asking): void {
  const places = placesAt(asking, node.path);
  const fetched = readFetch(node, node.outputRewrites);
  const parent = rootTypeOf(asking.scope, node);
  const types = new Set([parent]);
  for (const place of places) note(asking, fetched, { place, types, parent, ...atRoot }, fetched.selections);
}

/** A query may be asked below what a mutation returned. */
export const rootTypeOf = ({ schema }: CoverageScope, { request }: FetchNode): string =>
  schema.getRootType(request.operationKind as OperationTypeNode)?.name ?? '';

function noteGroup(node: EntityFetchNode, group: EntityGroup, asking: Asking): void {
  if (!isInContext(node, asking)) asking.budget.isRefused = true;
  const fetched = readFetch(node, group.outputRewrites, group.alias);
  // One path may be about some of the types that share a place of another.
  if (asking.sharesPlaces && group.paths.length > 1) for (const path of group.paths) placesAt(asking, path);
  for (const place of group.paths.flatMap((path) => placesAt(asking, path))) {
    const types = new Set(
      [...(place.possible ?? [])].filter(
        (name) => isAsked(asking, node, group, place, name) && isTold(asking, group.requires, place, name),
      ),
    );
    for (const field of fetched.roots) place.givers.push(giverOf(fetched, field, types));
    if (!areGivenRequirements(asking.scope, fetched, group, { place, types })) asking.budget.isRefused = true;
    note(asking, fetched, { place, types, ...atRoot }, fetched.selections);
  }
}

/**
 * Whether objects of the type are asked for: their representation has a key of the subgraph, and everything in it was
 * asked for before. A planner that merges the steps of two types may keep the key of one of them only.
 */
export function isAsked(
  { scope }: Asking,
  { service }: EntityFetchNode,
  { requires }: EntityGroup,
  place: Coverage,
  type: string,
): boolean {
  const required = requirementsFor(requires, type, scope.types).filter(({ name }) => name !== '__typename');
  if (!holdsKey(scope, service, required, type)) return false;
  const known = place.fields.get(type);
  return required.every(({ name }) => known?.has(name));
}

/**
 * Whether it is known that the objects are of the type, as far as it matters: a subgraph that knows an interface as an
 * object says nothing of it, and then only a representation of the interface applies.
 */
export function isTold(
  { scope }: Asking,
  requires: readonly Requirement[],
  { givers }: Coverage,
  type: string,
): boolean {
  const names = givers
    .filter(({ types }) => types.has(type))
    .map((each) => scope.subgraphTypes.nameIn(each.service, type));
  if (names.length === 0 || names.includes(type)) return true;
  return names.some((name) => requirementsFor(requires, name, scope.types).length > 0);
}

/** Where selections of a planned request stand. */
interface Spot {
  readonly place: Coverage;
  /** That objects there may have, as far as the fragments around it tell. */
  readonly types: ReadonlySet<string>;
  /** The type that the subgraph holds the selections against; any of its entities where there is none. */
  readonly parent?: string | undefined;
  /** From the root of the request. */
  readonly path: string;
  /** What the fields above it also give here (@provides). */
  readonly provided: readonly SelectionNode[];
}

const atRoot = { path: '', provided: [] } as const;

function note(asking: Asking, fetched: Fetched, spot: Spot, selections: readonly SelectionNode[]): void {
  for (const node of selections) {
    if (asking.budget.left <= 0) return;
    if (node.kind === Kind.FIELD) noteField(asking, fetched, spot, node);
    else noteFragment(asking, fetched, spot, node);
  }
}

function noteFragment(
  asking: Asking,
  fetched: Fetched,
  spot: Spot,
  node: InlineFragmentNode | FragmentSpreadNode,
): void {
  const { scope, budget } = asking;
  const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fetched.fragments.get(node.name.value);
  if (!fragment) return;
  const condition = fragment.typeCondition?.name.value;
  if (!mayBeSpread(asking, fetched, condition, spot.parent)) budget.isRefused = true;
  const types = condition === undefined ? spot.types : intersection(spot.types, scope.types.possible(condition));
  note(asking, fetched, { ...spot, types, parent: condition ?? spot.parent }, fragment.selectionSet.selections);
}

/** Validation of the subgraph (specification 5.5.2.3). The planner of version 0.0.38 puts types of one object's interface into its fragment. */
function mayBeSpread(
  { scope: { subgraphTypes } }: Asking,
  { service }: Fetched,
  condition: string | undefined,
  parent: string | undefined,
): boolean {
  if (parent === undefined || condition === undefined || parent === condition) return true;
  const [some, others] = [subgraphTypes.possibleIn(service, parent), subgraphTypes.possibleIn(service, condition)];
  // Of what is not known nothing is said: supergraphs of Federation 1 do not tell the subgraphs of every type.
  return some.size === 0 || others.size === 0 || [...some].some((type) => others.has(type));
}

function noteField(asking: Asking, fetched: Fetched, spot: Spot, node: FieldNode): void {
  const { scope, budget } = asking;
  const { subgraphTypes } = scope;
  const { service } = fetched;
  const { place, path } = spot;
  const name = node.name.value;
  const asked = (node.alias ?? node.name).value;
  const where = path === '' ? asked : `${path}/${asked}`;
  const key = fetched.renamed.get(where) ?? asked;
  const source = sourceOf(node);
  const alike = new Map<string, string[]>();
  for (const type of spot.types) {
    const field = { service, type, name, provided: spot.provided };
    if (isForeign(scope, field)) budget.isRefused = true;
    const isRepresented = fetched.isOfEntities && path === '';
    if (!isRepresented && subgraphTypes.requirementOf(service, type, name).length > 0) budget.isRefused = true;
    const shape = subgraphTypes.fieldShape(service, type, name);
    if (shape !== undefined && (fetched.shapes.get(where) ?? shape) !== shape) budget.isRefused = true;
    if (shape !== undefined) fetched.shapes.set(where, shape);
    const fieldType = subgraphTypes.fieldType(service, type, name);
    // What a field of one type provides need not be what another's does.
    const isOwn = !asking.sharesPlaces || providedBelow(scope, field).length > 0;
    const id = `${fieldType ?? ''} ${isOwn ? type : ''}`;
    const types = alike.get(id);
    if (types) types.push(type);
    else alike.set(id, [type]);
  }
  for (const types of alike.values()) {
    for (const child of childrenFor(asking, place, key, types)) {
      budget.left -= 1;
      child.source = source;
      const [type = ''] = types;
      const fieldType = node.selectionSet && subgraphTypes.fieldType(service, type, name);
      if (!node.selectionSet || fieldType === undefined) continue;
      const possible = subgraphTypes.possibleIn(service, fieldType);
      restrict(child, possible);
      child.givers.push(giverOf(fetched, node, possible));
      const provided = providedBelow(scope, { service, type, name, provided: spot.provided });
      const inner = { place: child, types: possible, parent: fieldType, path: where, provided };
      note(asking, fetched, inner, node.selectionSet.selections);
    }
  }
}

/** What stands below a field for objects of some types. */
function childrenFor(
  { sharesPlaces }: Asking,
  place: Coverage,
  key: string,
  types: readonly string[],
): readonly Coverage[] {
  const first = newCoverage();
  for (const type of types) {
    const keys = place.fields.get(type) ?? new Map<string, Coverage>();
    place.fields.set(type, keys);
    if (!keys.has(key)) keys.set(key, first);
  }
  if (sharesPlaces) return placesBelow(place, key, types);
  const child = types[0] === undefined ? undefined : place.fields.get(types[0])?.get(key);
  return child ? [child] : [];
}
