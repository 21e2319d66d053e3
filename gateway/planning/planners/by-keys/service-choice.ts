import { type FieldNode, type FragmentDefinitionNode, Kind, type SelectionNode } from 'graphql';
import { selectedFields, setsOf } from '../../checks/plan-coverage.ts';
import { answersOf, type Route, routesFrom } from './key-routes.ts';
import type { Choice, KeyPlannerScope, Place, Wanted } from './place.ts';
import type { Work } from './work.ts';

/** Who is asked for fields that objects do not come with. */
export class ServiceChoice {
  readonly #scope: KeyPlannerScope;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #root: string;
  readonly #work: Work;
  readonly #routes = new Map<string, ReadonlyMap<string, Route>>();

  constructor(
    scope: KeyPlannerScope,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    root: string,
    work: Work,
  ) {
    this.#scope = scope;
    this.#fragments = fragments;
    this.#root = root;
    this.#work = work;
  }

  /** The nearest subgraph for each field; of equally near ones, whoever answers more. */
  choose(place: Place, open: readonly Wanted[]): ReadonlyMap<Wanted, Choice> {
    const counts = new Map<string, number>();
    const options = open.map((one) => {
      const found = this.#optionsFor(place, one);
      for (const { service } of found) counts.set(service, (counts.get(service) ?? 0) + 1);
      return [one, found] as const;
    });
    const chosen = new Map<Wanted, Choice>();
    for (const [one, found] of options) {
      const [best] = [...found].sort(
        (a, b) => a.cost - b.cost || b.below - a.below || (counts.get(b.service) ?? 0) - (counts.get(a.service) ?? 0),
      );
      if (best) chosen.set(one, best);
    }
    return chosen;
  }

  #optionsFor(place: Place, { type, nodes, without }: Wanted): readonly (Choice & { cost: number; below: number })[] {
    const { subgraphTypes } = this.#scope;
    const name = nodes[0].name.value;
    const services = answersOf(this.#scope, type, name);
    const routes = this.isRoot(type) ? undefined : this.routesTo(place, type);
    return services.flatMap((service) => {
      const route = routes ? routes.get(service) : { hops: 0, key: [] };
      if (without.has(service) || !route) return [];
      const requires = subgraphTypes.requirementOf(service, type, name);
      const below = this.#countBelow(service, type, nodes);
      const cost = 2 * route.hops + (requires.length > 0 ? 1 : 0);
      return [{ service, key: route.key, requires, cost, below }];
    });
  }

  /** How many of the fields below a field the subgraph answers, too. */
  #countBelow(service: string, type: string, nodes: readonly FieldNode[]): number {
    const { subgraphTypes } = this.#scope;
    const fieldType = subgraphTypes.fieldType(service, type, nodes[0]?.name.value ?? '');
    const sets = setsOf(nodes);
    if (sets.length === 0 || fieldType === undefined) return 0;
    const selecting = { scope: this.#scope, fragments: this.#fragments };
    let count = 0;
    for (const inner of subgraphTypes.possibleIn(service, fieldType)) {
      for (const [, [node]] of selectedFields(selecting, inner, sets)) {
        this.#work.spend(1);
        if (node && answersOf(this.#scope, inner, node.name.value).includes(service)) count += 1;
      }
    }
    return count;
  }

  /** Whether objects of the type stand at the top, where anybody can be asked for more. */
  isRoot(type: string): boolean {
    return type === this.#root || type === this.#scope.schema.getQueryType()?.name;
  }

  /** The ways to subgraphs that can be asked about objects of the type at a place. */
  routesTo(place: Place, type: string): ReadonlyMap<string, Route> {
    const { subgraphTypes } = this.#scope;
    const spots = place.spots.filter(({ types }) => types.has(type));
    const provided = spots.flatMap((spot) => spot.provided);
    const given = [...new Set(spots.map(({ service }) => service))];
    const id = provided.length > 0 ? undefined : `${type}/${given.join('/')}`;
    const known = id === undefined ? undefined : this.#routes.get(id);
    if (known) return known;
    const isGiven = (node: SelectionNode) =>
      node.kind === Kind.FIELD && node.selectionSet === undefined && provided.some((one) => isField(one, node));
    const services = subgraphTypes.servicesOf(type);
    this.#work.spend(services.length);
    const routes = routesFrom(this.#scope, type, services, given, isGiven);
    if (id !== undefined) this.#routes.set(id, routes);
    return routes;
  }
}

const isField = (one: SelectionNode, { name }: FieldNode) => one.kind === Kind.FIELD && one.name.value === name.value;
