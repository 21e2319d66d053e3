import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  type GraphQLSchema,
  type InlineFragmentNode,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  print,
  type SelectionNode,
  stripIgnoredCharacters,
} from 'graphql';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import type { SubgraphTypes } from '../../supergraph/subgraph-types.ts';
import { fetchesOf } from '../fetches.ts';
import { parseRequest } from '../parse-request.ts';
import type { EntityFetchNode, EntityGroup, FetchNode, PathStep, PlanNode, Rewrite } from '../plan.ts';
import { holdsKey, requirementsFor } from './keyed-requirements.ts';
import { isForeign, providedBelow } from './provided-fields.ts';

export interface CoverageScope {
  /** What clients see. */
  readonly schema: GraphQLSchema;
  readonly types: TypeIndex;
  readonly subgraphTypes: SubgraphTypes;
}

/** Steps after which a plan counts as complete: what is too large to be checked is not refused for it. */
const maxSteps = 20_000;

/** What is known of the objects at one place of the response: their types, and what was asked for on each. */
export interface Coverage {
  possible: ReadonlySet<string> | undefined;
  readonly fields: Map<string, Map<string, Coverage>>;
  /** The selections that brought the objects. */
  readonly givers: Giver[];
  /** Field and arguments, where one field was asked for. */
  source: string | undefined;
}

/** A selection of a planned request whose objects stand at one place. */
export interface Giver {
  readonly fetch: FetchNode | EntityFetchNode;
  readonly document: DocumentNode;
  readonly service: string;
  readonly field: FieldNode;
  readonly types: ReadonlySet<string>;
}

/** The types that an object at one of these places may have. */
export const possibleTypes = (places: readonly Coverage[]): ReadonlySet<string> =>
  new Set(places.flatMap(({ possible }) => [...(possible ?? [])]));

const newCoverage = (): Coverage => ({ possible: undefined, fields: new Map(), givers: [], source: undefined });

/** Several subgraphs that give one place know the same object, so it is of a type that all of them know. */
function restrict(coverage: Coverage, types: ReadonlySet<string>): void {
  const { possible } = coverage;
  coverage.possible = possible ? intersection(possible, types) : types;
}

function intersection(some: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> {
  for (const name of some) if (!others.has(name)) return new Set([...some].filter((one) => others.has(one)));
  return some;
}

export interface Budget {
  left: number;
  /** A subgraph would refuse what it is asked, or answer what it does not know. */
  isRefused: boolean;
}

export interface Asking {
  readonly scope: CoverageScope;
  readonly budget: Budget;
  readonly root: Coverage;
  readonly rootName: string;
}

/** The walk along a plan, before its first step. */
export function startAsking(scope: CoverageScope, rootName: string): Asking {
  const root = newCoverage();
  restrict(root, new Set([rootName]));
  return { scope, budget: { left: maxSteps, isRefused: false }, root, rootName };
}

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
  const fetched = readFetch(node, group.outputRewrites, group.alias);
  for (const place of group.paths.flatMap((path) => placesAt(asking, path))) {
    const types = new Set([...(place.possible ?? [])].filter((name) => isAsked(asking, node, group, place, name)));
    for (const field of fetched.roots) place.givers.push(giverOf(fetched, field, types));
    checkRequirements(asking, fetched, group, place, types);
    note(asking, fetched, { place, types, ...atRoot }, fetched.selections);
  }
}

/** Type conditions of a path count as met: representations decide which objects are asked for. */
export function placesAt({ root }: Asking, path: readonly PathStep[]): readonly Coverage[] {
  let places: readonly Coverage[] = [root];
  for (const step of path) {
    if (step.kind !== 'field') continue;
    places = places.flatMap(({ fields }) => [...fields.values()].flatMap((keys) => keys.get(step.name) ?? []));
  }
  return [...new Set(places)];
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
 * Whether fields that require others are given them, with the values that they have for the required arguments. The
 * planner of version 0.0.38 sends the value of other arguments where it joins two requirements of one field; and where
 * it joins the steps of several types, it requires for one what it asks of all.
 */
function checkRequirements(
  { scope, budget }: Asking,
  fetched: Fetched,
  { requires }: EntityGroup,
  place: Coverage,
  types: ReadonlySet<string>,
): void {
  for (const type of types) {
    const given = requirementsFor(requires, type, scope.types);
    const known = place.fields.get(type);
    for (const field of fieldsFor(fetched, fetched.selections, type, scope.types)) {
      const wanted = scope.subgraphTypes.requirementOf(fetched.service, type, field.name.value);
      if (!wanted.every((one) => isGiven(one, given, known))) budget.isRefused = true;
    }
  }
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

function* fieldsFor(
  fetched: Fetched,
  selections: readonly SelectionNode[],
  type: string,
  types: TypeIndex,
): Generator<FieldNode> {
  for (const node of selections) {
    if (node.kind === Kind.FIELD) {
      yield node;
      continue;
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fetched.fragments.get(node.name.value);
    const condition = fragment?.typeCondition?.name.value;
    if (!fragment || (condition !== undefined && !types.possible(condition).has(type))) continue;
    yield* fieldsFor(fetched, fragment.selectionSet.selections, type, types);
  }
}

const giverOf = ({ fetch, document, service }: Fetched, field: FieldNode, types: ReadonlySet<string>): Giver => ({
  fetch,
  document,
  service,
  field,
  types,
});

/** The field with its arguments, as text. */
export function sourceOf({ name, arguments: given = [] }: FieldNode): string {
  if (given.length === 0) return name.value;
  return `${name.value}(${given.map((argument) => stripIgnoredCharacters(print(argument))).sort()})`;
}

interface Fetched {
  readonly fetch: FetchNode | EntityFetchNode;
  readonly document: DocumentNode;
  readonly service: string;
  /** The fields whose objects are the entities. */
  readonly roots: readonly FieldNode[];
  readonly isOfEntities: boolean;
  readonly selections: readonly SelectionNode[];
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** The shape of what stands at each response path: a subgraph refuses two different ones. */
  readonly shapes: Map<string, string>;
  /** New keys by the paths of the old ones. */
  readonly renamed: ReadonlyMap<string, string>;
}

function readFetch(fetch: FetchNode | EntityFetchNode, rewrites: readonly Rewrite[], rootKey?: string): Fetched {
  const document = parseRequest(fetch.request.operation);
  const { definitions } = document;
  const fragments = new Map<string, FragmentDefinitionNode>();
  let operation: OperationDefinitionNode | undefined;
  for (const node of definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
    else if (node.kind === Kind.OPERATION_DEFINITION) operation = node;
  }
  const all = operation?.selectionSet.selections ?? [];
  const roots = all.flatMap((node) =>
    node.kind === Kind.FIELD && (node.alias ?? node.name).value === rootKey ? [node] : [],
  );
  const selections = rootKey === undefined ? all : roots.flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
  const renamed = new Map(
    rewrites.flatMap((rewrite) => {
      if (rewrite.kind !== 'rename') return [];
      const keys = rewrite.path.flatMap((step) => (step.kind === 'key' ? [step.name] : []));
      return [[(keys[0] === rootKey ? keys.slice(1) : keys).join('/'), rewrite.to] as const];
    }),
  );
  return {
    fetch,
    document,
    service: fetch.service,
    roots,
    isOfEntities: rootKey !== undefined,
    selections,
    fragments,
    shapes: new Map(),
    renamed,
  };
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
  for (const type of spot.types) {
    budget.left -= 1;
    const field = { service, type, name, provided: spot.provided };
    if (isForeign(scope, field)) budget.isRefused = true;
    const isRepresented = fetched.isOfEntities && path === '';
    if (!isRepresented && subgraphTypes.requirementOf(service, type, name).length > 0) budget.isRefused = true;
    const shape = subgraphTypes.fieldShape(service, type, name);
    if (shape !== undefined && (fetched.shapes.get(where) ?? shape) !== shape) budget.isRefused = true;
    if (shape !== undefined) fetched.shapes.set(where, shape);
    const keys = place.fields.get(type) ?? new Map<string, Coverage>();
    place.fields.set(type, keys);
    const child = keys.get(key) ?? newCoverage();
    keys.set(key, child);
    child.source = source;
    if (!node.selectionSet) continue;
    const fieldType = subgraphTypes.fieldType(service, type, name);
    if (fieldType === undefined) continue;
    const possible = subgraphTypes.possibleIn(service, fieldType);
    restrict(child, possible);
    child.givers.push(giverOf(fetched, node, possible));
    const provided = providedBelow(scope, field);
    const inner = { place: child, types: possible, parent: fieldType, path: where, provided };
    note(asking, fetched, inner, node.selectionSet.selections);
  }
}
