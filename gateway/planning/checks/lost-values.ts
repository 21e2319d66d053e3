import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type SelectionNode } from 'graphql';
import { fetchesOf } from '../fetches.ts';
import { parseRequest } from '../parse-request.ts';
import type {
  EntityFetchNode,
  EntityGroup,
  FetchNode,
  PathStep,
  PlanNode,
  PlannedRequest,
  Requirement,
  Rewrite,
} from '../plan.ts';
import { fragmentsOf } from '../plannable.ts';

/**
 * Whether some value that the plan asks for would be sent on or shown in the place of another.
 *
 * Where an object is asked for one field with two different arguments, the planner gives one of them an alias of its
 * own, and has to read it again under that alias. Version 0.0.38 forgets to below the first level of a @requires, so
 * that the subgraph gets the other value: a wrong answer that looks right. An alias that nobody reads shows it, and so
 * do two requirements under one name, and one variable for two different representations.
 */
export function losesValues(plans: readonly PlanNode[]): boolean {
  const usage: Usage = { written: new Set(), read: new Set(), isAmbiguous: false };
  for (const plan of plans) for (const fetch of fetchesOf(plan)) note(fetch, usage);
  return usage.isAmbiguous || [...usage.written].some((path) => !usage.read.has(path));
}

/** Full response paths, without list positions and type conditions. */
interface Usage {
  readonly written: Set<string>;
  readonly read: Set<string>;
  isAmbiguous: boolean;
}

const internalAlias = /^_internal_qp_alias_/;

function note(node: FetchNode | EntityFetchNode, usage: Usage): void {
  if (node.kind === 'fetch') {
    noteFetch(node.request, [placeOf(node.path)], '', node.outputRewrites, usage);
    return;
  }
  noteSharedVariables(node.groups, usage);
  for (const group of node.groups) {
    const paths = group.paths.map(placeOf);
    for (const path of paths) noteRequirements(group.requires, path, usage);
    noteFetch(node.request, paths, group.alias, group.outputRewrites, usage);
  }
}

const placeOf = (path: readonly PathStep[]): string =>
  path.reduce((place, step) => (step.kind === 'field' ? placeBelow(place, step.name) : place), '');

const placeBelow = (place: string, key: string) => (place === '' ? key : `${place}/${key}`);

function noteFetch(
  request: PlannedRequest,
  places: readonly string[],
  rootKey: string,
  rewrites: readonly Rewrite[],
  usage: Usage,
): void {
  // Most plans have no such alias: they are not worth parsing.
  if (!request.operation.includes('_internal_qp_alias_')) return;
  const document = parseRequest(request.operation);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) {
    usage.isAmbiguous = true;
    return;
  }
  const fragments = fragmentsOf(document);
  const selections = rootKey === '' ? operation.selectionSet.selections : entitySelections(operation, rootKey);
  for (const place of places) {
    noteAliases({ selections, fragments }, place, usage);
    for (const { kind, path: steps } of rewrites) {
      if (kind !== 'rename') continue;
      const renamed = steps.flatMap((step) => (step.kind === 'key' ? [step.name] : []));
      usage.read.add((renamed[0] === rootKey ? renamed.slice(1) : renamed).reduce(placeBelow, place));
    }
  }
}

function entitySelections({ selectionSet }: OperationDefinitionNode, key: string): readonly SelectionNode[] {
  return selectionSet.selections.flatMap((node) =>
    node.kind === Kind.FIELD && (node.alias ?? node.name).value === key ? (node.selectionSet?.selections ?? []) : [],
  );
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

interface Selected {
  readonly selections: readonly SelectionNode[];
  readonly fragments: Fragments;
}

function noteAliases({ selections, fragments }: Selected, place: string, usage: Usage): void {
  for (const node of selections) {
    const held = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
    const key = node.kind === Kind.FIELD ? (node.alias ?? node.name).value : undefined;
    const below = key === undefined ? place : placeBelow(place, key);
    if (key !== undefined && internalAlias.test(key)) usage.written.add(below);
    noteAliases({ selections: held?.selectionSet?.selections ?? [], fragments }, below, usage);
  }
}

function noteRequirements(requires: readonly Requirement[], place: string, usage: Usage): void {
  const sources = new Map<string, string>();
  const seen = new Set<string>();
  for (const node of requires) {
    if (node.kind === 'types') {
      noteRequirements(node.selections, place, usage);
      continue;
    }
    const key = node.alias ?? node.name;
    // Twice the same scalar under one key: one of the two was meant to be another value.
    if (seen.has(node.name) && node.name !== '__typename' && node.selections.length === 0) usage.isAmbiguous = true;
    if (sources.has(key) && sources.get(key) !== node.name) usage.isAmbiguous = true;
    seen.add(node.name);
    sources.set(key, node.name);
    const below = placeBelow(place, node.name);
    usage.read.add(below);
    noteRequirements(node.selections, below, usage);
  }
}

function noteSharedVariables(groups: readonly EntityGroup[], usage: Usage): void {
  if (groups.length < 2) return;
  const known = new Map<string, string>();
  for (const { variable, requires, paths, inputRewrites } of groups) {
    const text = JSON.stringify([requires, paths, inputRewrites]);
    if (known.has(variable) && known.get(variable) !== text) usage.isAmbiguous = true;
    known.set(variable, text);
  }
}
