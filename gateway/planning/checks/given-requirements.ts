import { Kind, type SelectionNode } from 'graphql';
import type { EntityGroup } from '../plan.ts';
import { type Coverage, type CoverageScope, intersection, sourceOf } from './coverage.ts';
import { requirementsFor } from './keyed-requirements.ts';
import { type Fetched, fieldsFor } from './read-fetch.ts';

/**
 * Whether fields that require others are given them, with the values that they have for the required arguments. The
 * planner of version 0.0.38 sends the value of other arguments where it joins two requirements of one field; and where
 * it joins the steps of several types, it requires for one what it asks of all.
 */
export function areGivenRequirements(
  scope: CoverageScope,
  fetched: Fetched,
  { requires }: EntityGroup,
  { place, types }: { readonly place: Coverage; readonly types: ReadonlySet<string> },
): boolean {
  for (const type of types) {
    const given = requirementsFor(requires, type, scope.types);
    const known = place.fields.get(type);
    for (const field of fieldsFor(fetched, fetched.selections, type, scope.types)) {
      const wanted = scope.subgraphTypes.requirementOf(fetched.service, type, field.name.value);
      const isWhole = (one: SelectionNode) =>
        isGiven(one, given, known) &&
        isAskedBelow(scope, { service: fetched.service, type, wanted: one }, given, known);
      if (!wanted.every(isWhole)) return false;
    }
  }
  return true;
}

/** What a field of a subgraph requires of objects of a type. */
interface Wanted {
  readonly service: string;
  readonly type: string;
  readonly wanted: SelectionNode;
}

/**
 * Whether what is required below a field was asked for on every object that can stand there. The planner of version 0.0.38
 * asks a subgraph for what it knows as @external, which is then taken out.
 */
function isAskedBelow(
  scope: CoverageScope,
  { service, type, wanted }: Wanted,
  given: ReturnType<typeof requirementsFor>,
  known: ReadonlyMap<string, Coverage> | undefined,
): boolean {
  if (wanted.kind === Kind.FRAGMENT_SPREAD) return true;
  if (wanted.kind === Kind.INLINE_FRAGMENT) {
    const condition = wanted.typeCondition?.name.value;
    if (condition !== undefined && !scope.types.possible(condition).has(type)) return true;
    const { selections } = wanted.selectionSet;
    return selections.every((one) => isAskedBelow(scope, { service, type, wanted: one }, given, known));
  }
  const name = wanted.name.value;
  if (name === '__typename') return true;
  const sent = given.find((one) => (one.alias ?? one.name) === name);
  const child = sent && known?.get(sent.name);
  if (!sent || !child) return false;
  const named = scope.subgraphTypes.fieldType(service, type, name);
  if (!wanted.selectionSet || named === undefined) return true;
  const { selections } = wanted.selectionSet;
  const possible = intersection(child.possible ?? new Set(), scope.subgraphTypes.possibleIn(service, named));
  return [...possible].every((below) => {
    const required = requirementsFor(sent.selections, below, scope.types);
    const asked = child.fields.get(below);
    return selections.every((one) => isAskedBelow(scope, { service, type: below, wanted: one }, required, asked));
  });
}

/** @param known what was asked for on the object */
export function isGiven(
  wanted: SelectionNode,
  given: ReturnType<typeof requirementsFor>,
  known: ReadonlyMap<string, Coverage> | undefined,
): boolean {
  if (wanted.kind !== Kind.FIELD) return true;
  const sent = given.find(({ alias, name }) => (alias ?? name) === wanted.name.value);
  const source = sent && known?.get(sent.name)?.source;
  return sent !== undefined && (source === undefined || source === sourceOf(wanted));
}
