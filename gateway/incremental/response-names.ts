import { Kind, type SelectionSetNode } from 'graphql';
import type { SubgraphTypes } from '../supergraph/subgraph-types.ts';

/**
 * What one request asks for at each place of its answer, whatever the types of the objects there: a field can be added only
 * where its name means nothing else, neither to who reads the merged answer nor to the subgraph, which refuses two fields of
 * different shapes under one key.
 */
export class ResponseNames {
  readonly #service: string;
  readonly #subgraphTypes: SubgraphTypes;
  /** By place and key, joined with `/`: the fields there, with their shapes. */
  readonly #meanings = new Map<string, Set<string>>();

  constructor(service: string, subgraphTypes: SubgraphTypes) {
    this.#service = service;
    this.#subgraphTypes = subgraphTypes;
  }

  note(set: SelectionSetNode, typeName: string, place: string): void {
    for (const node of set.selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD) continue;
      if (node.kind === Kind.INLINE_FRAGMENT) {
        this.note(node.selectionSet, node.typeCondition?.name.value ?? typeName, place);
        continue;
      }
      const name = node.name.value;
      const where = placeBelow(place, (node.alias ?? node.name).value);
      this.#add(where, typeName, name);
      if (!node.selectionSet) continue;
      this.note(node.selectionSet, this.#subgraphTypes.fieldType(this.#service, typeName, name) ?? '', where);
    }
  }

  /** Whether each of the fields could stand under its own name. */
  areFree(place: string, typeName: string, names: readonly string[]): boolean {
    return names.every((name) => {
      const meaning = this.#meaning(typeName, name);
      return [...(this.#meanings.get(placeBelow(place, name)) ?? [])].every((known) => known === meaning);
    });
  }

  add(place: string, typeName: string, names: readonly string[]): void {
    for (const name of names) this.#add(placeBelow(place, name), typeName, name);
  }

  #add(where: string, typeName: string, name: string): void {
    const meanings = this.#meanings.get(where) ?? new Set();
    this.#meanings.set(where, meanings.add(this.#meaning(typeName, name)));
  }

  #meaning(typeName: string, name: string): string {
    return `${name} ${this.#subgraphTypes.fieldShape(this.#service, typeName, name) ?? ''}`;
  }
}

export const placeBelow = (place: string, key: string): string => `${place}/${key}`;
