import { type DocumentNode, type FieldNode, type GraphQLSchema, print, stripIgnoredCharacters } from 'graphql';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import type { SubgraphTypes } from '../../supergraph/subgraph-types.ts';
import type { EntityFetchNode, FetchNode, PathStep } from '../plan.ts';

export interface CoverageScope {
  /** What clients see. */
  readonly schema: GraphQLSchema;
  readonly types: TypeIndex;
  readonly subgraphTypes: SubgraphTypes;
}

/** Steps after which a plan counts as complete: what is too large to be checked is not refused for it. */
const maxSteps = 20_000;

/**
 * What is known of the objects at one place of the response: their types, and what was asked for on each. Where places are
 * shared, one stands below a field for several types, as long as the same is asked for below each: with four types behind an
 * interface there would be a thousand places five levels down.
 */
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

export const newCoverage = (): Coverage => ({ possible: undefined, fields: new Map(), givers: [], source: undefined });

/** Several subgraphs that give one place know the same object, so it is of a type that all of them know. */
export function restrict(coverage: Coverage, types: ReadonlySet<string>): void {
  const { possible } = coverage;
  coverage.possible = possible ? intersection(possible, types) : types;
}

export function intersection(some: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> {
  for (const name of some) if (!others.has(name)) return new Set([...some].filter((one) => others.has(one)));
  return some;
}

/** The types that an object at one of these places may have. */
export const possibleTypes = (places: readonly Coverage[]): ReadonlySet<string> =>
  new Set(places.flatMap(({ possible }) => [...(possible ?? [])]));

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
  readonly sharesPlaces: boolean;
}

/** The walk along a plan, before its first step. */
export function startAsking(scope: CoverageScope, rootName: string, sharesPlaces = false): Asking {
  const root = newCoverage();
  restrict(root, new Set([rootName]));
  return { scope, budget: { left: maxSteps, isRefused: false }, root, rootName, sharesPlaces };
}

/** The places below a field for objects of some types: from here on no other type has one of them, too. */
export function placesBelow(place: Coverage, key: string, types: readonly string[]): readonly Coverage[] {
  const own = new Map<Coverage, Coverage>();
  for (const type of types) {
    const keys = place.fields.get(type);
    const child = keys?.get(key);
    if (!keys || !child) continue;
    const known = own.get(child) ?? (isSharedBeyond(place, key, child, types) ? copied(child, new Map()) : child);
    own.set(child, known);
    keys.set(key, known);
  }
  return [...own.values()];
}

function isSharedBeyond(place: Coverage, key: string, child: Coverage, types: readonly string[]): boolean {
  for (const [type, keys] of place.fields) if (keys.get(key) === child && !types.includes(type)) return true;
  return false;
}

function copied(coverage: Coverage, made: Map<Coverage, Coverage>): Coverage {
  const known = made.get(coverage);
  if (known) return known;
  const { possible, fields, givers, source } = coverage;
  const copy: Coverage = { possible, fields: new Map(), givers: [...givers], source };
  made.set(coverage, copy);
  for (const [type, keys] of fields) {
    copy.fields.set(type, new Map(Array.from(keys, ([key, child]) => [key, copied(child, made)])));
  }
  return copy;
}

/** A type condition at the end of a path counts as met: representations decide which objects are asked for. */
export function placesAt({ root, scope, sharesPlaces }: Asking, path: readonly PathStep[]): readonly Coverage[] {
  let places: ReadonlySet<Coverage> = new Set([root]);
  let names: readonly string[] | undefined;
  for (const step of path) {
    if (step.kind === 'types') names = step.names;
    if (step.kind !== 'field') continue;
    const types = names && new Set(names.flatMap((name) => [...scope.types.possible(name)]));
    const below = new Set<Coverage>();
    for (const place of places) {
      if (types && sharesPlaces) {
        for (const child of placesBelow(place, step.name, [...types])) below.add(child);
        continue;
      }
      for (const [type, keys] of place.fields) {
        const child = (types?.has(type) ?? true) ? keys.get(step.name) : undefined;
        if (child) below.add(child);
      }
    }
    places = below;
    names = undefined;
  }
  return [...places];
}

/** The field with its arguments, as text. */
export function sourceOf({ name, arguments: given = [] }: FieldNode): string {
  if (given.length === 0) return name.value;
  return `${name.value}(${given.map((argument) => stripIgnoredCharacters(print(argument))).sort()})`;
}
