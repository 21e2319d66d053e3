import { type FieldNode, type FragmentDefinitionNode, Kind, print, type SelectionNode } from 'graphql';
import { fetchesOf } from '../fetches.ts';
import { parseRequest } from '../parse-request.ts';
import type { EntityFetchNode, EntityGroup, FetchNode, PathStep, PlanNode, PlannedRequest } from '../plan.ts';
import { fragmentsOf } from '../plannable.ts';

/**
 * Whether two fetches write one field of the response from different arguments, so that the later one overwrites what
 * the earlier one brought.
 *
 * The specification (5.3.2) lets no client ask for that, so it is the planner that does: version 0.0.38 fetches a field
 * for a @requires under the name of the client's own field where it joins several fetches into one.
 */
export function overwritesValues(plans: readonly PlanNode[]): boolean {
  const fetches = plans.flatMap((plan) => [...fetchesOf(plan)].map(readFetch));
  // Most plans ask each field with arguments in one place only, and are not worth parsing.
  if (!mayMeet(fetches.map(({ request }) => request.operation))) return false;
  const places: Places = new Map();
  return fetches.some((fetch) => writesTwice(fetch, places));
}

interface Fetch {
  readonly request: PlannedRequest;
  /** Where the answer's root goes, or that of one group of entities. */
  readonly targets: readonly { readonly key: string | undefined; readonly path: readonly PathStep[] }[];
}

/** By response path without list positions: what was written there. */
type Places = Map<string, Written[]>;

interface Written {
  /** Field and arguments. */
  readonly source: string;
  readonly conditions: Conditions;
}

/** By the number of fields above: the types that the object there must have. */
type Conditions = ReadonlyMap<number, readonly string[]>;

const targetsOf = ({ alias, paths }: EntityGroup) => paths.map((path) => ({ key: alias, path }));

const readFetch = (node: FetchNode | EntityFetchNode): Fetch => ({
  request: node.request,
  targets: node.kind === 'fetch' ? [{ key: undefined, path: node.path }] : node.groups.flatMap(targetsOf),
});

/** Whether the response name of some field with arguments stands in the plan again. */
function mayMeet(operations: readonly string[]): boolean {
  const times = new Map<string, number>();
  const withArguments = new Set<string>();
  for (const operation of operations) {
    const words = withoutMachinery(operation).match(namesAndMarks) ?? [];
    for (const [at, word] of words.entries()) {
      times.set(word, (times.get(word) ?? 0) + 1);
      if (word === '(') withArguments.add((words[at - 2] === ':' ? words[at - 3] : words[at - 1]) ?? '');
    }
  }
  return [...withArguments].some((name) => (times.get(name) ?? 0) > 1);
}

/** Each character is read once, however long a name or a text is: clients choose them. */
const namesAndMarks = /\w+|[:(]|[^\s\w:(]+/g;

/** What every plan has, with arguments that are no field's of the client. */
const withoutMachinery = (operation: string) =>
  operation
    .replace(/^\s*(?:query|mutation|subscription)[^({]*\([^)]*\)/, '')
    .replace(/_entities\s*\(\s*representations:\s*\$\w+\s*\)/g, '');

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

function writesTwice({ request, targets }: Fetch, places: Places): boolean {
  const document = parseRequest(request.operation);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const fragments = fragmentsOf(document);
  const roots = operation?.selectionSet.selections ?? [];
  return targets.some(({ key, path }) => {
    const selections = key === undefined ? roots : roots.flatMap((node) => (keyOf(node) === key ? below(node) : []));
    return noteAll({ selections, ...placeOf(path) }, fragments, places);
  });
}

const keyOf = (node: SelectionNode) => (node.kind === Kind.FIELD ? (node.alias ?? node.name).value : undefined);
const below = (node: SelectionNode) => (node.kind === Kind.FIELD ? (node.selectionSet?.selections ?? []) : []);

interface Place {
  /** Response keys, joined. */
  readonly path: string;
  /** How many they are. */
  readonly depth: number;
  readonly conditions: Conditions;
}

function placeOf(steps: readonly PathStep[]): Place {
  let path = '';
  let depth = 0;
  const conditions = new Map<number, readonly string[]>();
  for (const step of steps) {
    if (step.kind === 'types') conditions.set(depth, step.names);
    if (step.kind !== 'field') continue;
    path += `/${step.name}`;
    depth += 1;
  }
  return { path, depth, conditions };
}

interface Selected extends Place {
  readonly selections: readonly SelectionNode[];
}

function noteAll({ selections, path, depth, conditions }: Selected, fragments: Fragments, places: Places): boolean {
  return selections.some((node) => {
    if (node.kind === Kind.FIELD) {
      const place = { path: `${path}/${(node.alias ?? node.name).value}`, depth: depth + 1, conditions };
      return note(node, place, places) || noteAll({ selections: below(node), ...place }, fragments, places);
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
    if (!fragment) return false;
    const type = fragment.typeCondition?.name.value;
    const narrowed = type === undefined ? conditions : new Map([...conditions, [depth, [type]]]);
    const inner = { selections: fragment.selectionSet.selections, path, depth, conditions: narrowed };
    return noteAll(inner, fragments, places);
  });
}

/** @returns whether something else is written at the same place */
function note(node: FieldNode, { path, conditions }: Place, places: Places): boolean {
  const given = node.arguments?.length ? node.arguments.map((argument) => print(argument)).sort() : '';
  const source = `${node.name.value}(${given})`;
  const known = places.get(path) ?? [];
  if (known.some((other) => other.source !== source && mayBothHold(other.conditions, conditions))) return true;
  if (!known.some((other) => other.source === source && other.conditions === conditions)) {
    places.set(path, [...known, { source, conditions }]);
  }
  return false;
}

/** Whether one object can meet both: at no place do they want different types. */
function mayBothHold(a: Conditions, b: Conditions): boolean {
  for (const [depth, names] of a) {
    const others = b.get(depth);
    if (others && !others.some((name) => names.includes(name))) return false;
  }
  return true;
}
