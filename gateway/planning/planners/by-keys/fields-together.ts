import { Kind, type SelectionNode } from 'graphql';
import type { SubgraphTypes } from '../../../supergraph/subgraph-types.ts';
import { sourceOf } from '../../checks/coverage.ts';
import type { Ids } from './ids.ts';
import type { Choice, Place, Wanted } from './place.ts';

/** Which fields one request can ask for. */
export class FieldsTogether {
  readonly #subgraphTypes: SubgraphTypes;
  readonly #ids: Ids;

  constructor(subgraphTypes: SubgraphTypes, ids: Ids) {
    this.#subgraphTypes = subgraphTypes;
    this.#ids = ids;
  }

  /**
   * Those that can be asked of one subgraph at once: where it knows several types under one name, only one of the fields
   * with different selections under one key.
   */
  withoutClashes(service: string, wanted: readonly Wanted[]): readonly Wanted[] {
    const first = new Map<string, string>();
    return wanted.filter(({ type, key, nodes }) => {
      const asked = `${this.#subgraphTypes.nameIn(service, type)}.${key}`;
      const ids = nodes[0].selectionSet ? nodes.map((node) => this.#ids.of(node)).join() : sourceOf(nodes[0]);
      const known = first.get(asked) ?? ids;
      first.set(asked, known);
      return known === ids;
    });
  }

  /**
   * Fields that one request to the subgraph can ask for: of what they require, no two may have one name, and types that the
   * subgraph knows under one name are asked for the same, so they have to require the same.
   */
  together(chosen: ReadonlyMap<Wanted, Choice>, service: string): ReadonlyMap<Wanted, Choice> {
    const sources = new Map<string, string>();
    const together = new Map<Wanted, Choice>();
    const required = new Map<string, Set<string>>();
    const own = [...chosen.keys()].filter((one) => chosen.get(one)?.service === service);
    for (const one of this.withoutClashes(service, own)) {
      const choice = chosen.get(one);
      const needed = choice ? [...sourcesIn(one.type, [...choice.key, ...choice.requires])] : [];
      if (!choice || needed.some(([name, source]) => (sources.get(name) ?? source) !== source)) continue;
      for (const [name, source] of needed) sources.set(name, source);
      together.set(one, choice);
      const texts = required.get(one.type) ?? new Set();
      required.set(one.type, texts);
      for (const node of choice.requires) texts.add(JSON.stringify(node));
    }
    const asked = new Map<string, string>();
    for (const [type, texts] of required) {
      const text = [...texts].sort().join();
      const name = this.#subgraphTypes.nameIn(service, type);
      const known = asked.get(name) ?? text;
      asked.set(name, known);
      if (known === text) continue;
      for (const one of together.keys()) if (one.type === type) together.delete(one);
    }
    return together;
  }

  /** Whether one request, about objects that are known by their interface only, is for all of them alike. */
  isForAll({ untold = '', types }: Place, chosen: ReadonlyMap<Wanted, Choice>): boolean {
    const byType = new Map<string, string[]>();
    for (const [{ type, nodes }, { service, requires }] of chosen) {
      if (requires.length > 0 || !this.#subgraphTypes.isInterfaceObject(service, untold)) return false;
      byType.set(type, [...(byType.get(type) ?? []), `${service}/${nodes.map((node) => this.#ids.of(node))}`]);
    }
    const [first] = byType.values();
    return byType.size === types.size && [...byType.values()].every((ids) => ids.join() === first?.join());
  }

  /** Whether the same is wanted of objects of all types at a place. */
  isSameForAll({ types }: Place, wanted: readonly Wanted[]): boolean {
    const byType = new Map<string, string[]>(Array.from(types, (type) => [type, []]));
    for (const { type, key, nodes } of wanted) {
      byType.get(type)?.push(`${key}/${nodes.map((node) => this.#ids.of(node))}`);
    }
    const [first] = byType.values();
    return [...byType.values()].every((ids) => ids.join() === first?.join());
  }
}

/** Each field of a field set with its arguments, by the names that lead to it. */
function* sourcesIn(way: string, nodes: readonly SelectionNode[]): Generator<readonly [string, string]> {
  for (const node of nodes) {
    if (node.kind === Kind.FRAGMENT_SPREAD) continue;
    const name = node.kind === Kind.FIELD ? `${way}.${node.name.value}` : way;
    if (node.kind === Kind.FIELD) yield [name, sourceOf(node)];
    yield* sourcesIn(name, node.selectionSet?.selections ?? []);
  }
}
