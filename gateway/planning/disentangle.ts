import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { SubgraphTypes } from '../supergraph/subgraph-types.ts';
import { typename } from './ask-typenames.ts';
import { fragmentsOf } from './plannable.ts';
import { selectedKey } from './selected-keys.ts';
import { setOf, usedDefinitions } from './selections.ts';

/**
 * The same operation with every selected field under a key of its own. A planner that adds `price(currency: "USD")`
 * for a @requires then never meets the `price(currency: "EUR")` of the client at the same place.
 */
export function disentangle(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field: {
      leave: (node) => {
        if (node.name.value.startsWith('__')) return undefined;
        const key = (node.alias ?? node.name).value;
        return { ...node, alias: { kind: Kind.NAME, value: selectedKey(key) } };
      },
    },
  });
}

/** Fields of the operation (`Type.field`) that need, on their way, a field of another subgraph with arguments. */
export function findDemanding(
  document: DocumentNode,
  schema: GraphQLSchema,
  subgraphTypes: SubgraphTypes,
): ReadonlySet<string> {
  const found = new Set<string>();
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: ({ name }) => {
        const parent = info.getParentType()?.name;
        if (parent && subgraphTypes.requiresArguments(parent, name.value)) found.add(`${parent}.${name.value}`);
      },
    }),
  );
  return found;
}

/** Parts of one operation are not to become a burden. */
const maxParts = 64;

/**
 * The operation in parts that never demand one field with different arguments: everything undemanding first, then one
 * part for each demanding field, or for each place where one is selected, with nothing but the way to it. Root fields
 * occur in several parts.
 * @returns undefined where there would be too many
 */
export function splitByDemand(
  document: DocumentNode,
  schema: GraphQLSchema,
  demanding: ReadonlySet<string>,
  each: 'field' | 'place',
): readonly DocumentNode[] | undefined {
  const fragments = fragmentsOf(document);
  const keysOf = ({ coordinate, path }: Place) => (each === 'field' ? coordinate : path);
  const wanted = new Set<string>();
  const walk: Walk = { schema, fragments };
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const root = schema.getRootType(node.operation)?.name ?? '';
    for (const place of placesIn(walk, node.selectionSet.selections, root, '')) {
      if (demanding.has(place.coordinate)) wanted.add(keysOf(place));
      if (wanted.size > maxParts) return undefined;
    }
  }
  const rest = filterPlaces(document, walk, (place) => (demanding.has(place.coordinate) ? 'drop' : 'whole'));
  const parts = [...wanted].map((key) =>
    filterPlaces(document, walk, (place, isBelow) => {
      if (keysOf(place) === key) return 'whole';
      return isBelow && !demanding.has(place.coordinate) ? 'whole' : 'way';
    }),
  );
  return [...(asksAnything(rest) ? [rest] : []), ...parts];
}

interface Walk {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

interface Place {
  /** `Type.field` */
  readonly coordinate: string;
  /** Response keys, joined. */
  readonly path: string;
}

function* placesIn(walk: Walk, selections: readonly SelectionNode[], parent: string, path: string): Generator<Place> {
  for (const node of selections) {
    if (node.kind === Kind.FIELD) {
      const place = { coordinate: `${parent}.${node.name.value}`, path: `${path}/${(node.alias ?? node.name).value}` };
      yield place;
      const below = typeOfField(walk.schema, parent, node.name.value);
      if (below !== undefined) yield* placesIn(walk, node.selectionSet?.selections ?? [], below, place.path);
      continue;
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : walk.fragments.get(node.name.value);
    const type = fragment?.typeCondition?.name.value ?? parent;
    yield* placesIn(walk, fragment?.selectionSet.selections ?? [], type, path);
  }
}

/** `whole`: the field stays; `way`: it stays where something below it does; `drop`: it goes with all below. */
type Decide = (place: Place, isBelowWhole: boolean) => 'whole' | 'way' | 'drop';

/** Fragments become inline, because each place may keep another part of them. */
function filterPlaces(document: DocumentNode, { schema, fragments }: Walk, decide: Decide): DocumentNode {
  const keep = (
    selections: readonly SelectionNode[],
    parent: string,
    path: string,
    isBelow: boolean,
  ): SelectionNode[] =>
    selections.flatMap((node): SelectionNode[] => {
      if (node.kind === Kind.FIELD) {
        if (node.name.value.startsWith('__')) return isBelow ? [node] : [];
        const place = {
          coordinate: `${parent}.${node.name.value}`,
          path: `${path}/${(node.alias ?? node.name).value}`,
        };
        const decision = decide(place, isBelow);
        if (decision === 'drop') return [];
        const type = typeOfField(schema, parent, node.name.value);
        if (!node.selectionSet || type === undefined) return decision === 'whole' ? [node] : [];
        const kept = keep(node.selectionSet.selections, type, place.path, decision === 'whole');
        if (kept.length === 0 && decision === 'way') return [];
        return [{ ...node, selectionSet: setOf(kept.length === 0 ? [typename] : kept) }];
      }
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
      if (!fragment) return [];
      const condition = fragment.typeCondition;
      const kept = keep(fragment.selectionSet.selections, condition?.name.value ?? parent, path, isBelow);
      if (kept.length === 0) return [];
      const typeCondition = condition && { typeCondition: condition };
      return [{ kind: Kind.INLINE_FRAGMENT, ...typeCondition, selectionSet: setOf(kept) }];
    });
  const definitions = document.definitions.flatMap((node) => {
    if (node.kind !== Kind.OPERATION_DEFINITION) return [];
    const root = schema.getRootType(node.operation)?.name ?? '';
    const selectionSet = setOf(keep(node.selectionSet.selections, root, '', false));
    const variableDefinitions = usedDefinitions(selectionSet, node.variableDefinitions ?? []);
    return [{ ...node, variableDefinitions, selectionSet }];
  });
  return { kind: Kind.DOCUMENT, definitions };
}

const asksAnything = (document: DocumentNode) =>
  document.definitions.some(
    (node) => node.kind === Kind.OPERATION_DEFINITION && node.selectionSet.selections.length > 0,
  );

function typeOfField(schema: GraphQLSchema, parent: string, field: string): string | undefined {
  const type = schema.getType(parent);
  if (!isObjectType(type) && !isInterfaceType(type)) return undefined;
  const named = getNamedType(type.getFields()[field]?.type);
  return isCompositeType(named) ? named.name : undefined;
}
