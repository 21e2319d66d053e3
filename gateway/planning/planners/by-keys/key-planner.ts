import {
  type FieldNode,
  type FragmentDefinitionNode,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { sourceOf } from '../../checks/coverage.ts';
import { selectedFields, setsOf } from '../../checks/plan-coverage.ts';
import { isForeign, providedBelow } from '../../checks/provided-fields.ts';
import { type Requirement, typenameRequirement } from '../../plan.ts';
import { onType, setOf } from '../../selections.ts';
import { FieldsTogether } from './fields-together.ts';
import { freeKey } from './free-key.ts';
import { Ids } from './ids.ts';
import { answersOf } from './key-routes.ts';
import { NeededNames } from './needed-names.ts';
import {
  type Choice,
  type KeyPlannerScope,
  type Need,
  type Place,
  placeBelow,
  type Spot,
  type Wanted,
  without,
} from './place.ts';
import { type AskedTypes, PlannedStep } from './planned-step.ts';
import { ServiceChoice } from './service-choice.ts';
import { TooLarge, Work } from './work.ts';

/** Fields that are looked at, one for each type and place: what grows beyond is left to others. */
const maxWork = 8000;
const maxSteps = 300;
/** Levels of what is selected, and of what that requires. */
const maxDepth = 60;

/** Puts requests together, place by place. */
export class KeyPlanner {
  readonly #scope: KeyPlannerScope;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #root: string;
  readonly #steps: PlannedStep[] = [];
  readonly #places = new Map<AskedTypes, Place>();
  readonly #ids = new Ids();
  readonly #work = new Work(maxWork);
  readonly #choice: ServiceChoice;
  readonly #together: FieldsTogether;
  readonly #names = new NeededNames(this.#ids);
  /** The steps that answer what is being looked at, for each need that it is part of. */
  readonly #answering: Set<PlannedStep>[] = [];

  constructor(scope: KeyPlannerScope, fragments: ReadonlyMap<string, FragmentDefinitionNode>, root: string) {
    this.#scope = scope;
    this.#fragments = fragments;
    this.#root = root;
    this.#choice = new ServiceChoice(scope, fragments, root, this.#work);
    this.#together = new FieldsTogether(scope.subgraphTypes, this.#ids);
  }

  plan(selectionSet: SelectionSetNode): readonly PlannedStep[] | undefined {
    const types = new Set([this.#root]);
    const place: Place = {
      path: [],
      types,
      untold: undefined,
      spots: [],
      reached: new Set(),
      before: new Set(),
      depth: 0,
      needs: new Map(),
    };
    try {
      const left = this.#want(place, this.#wantedAt(place, [selectionSet], false), false);
      return left.length === 0 ? this.#steps.filter(({ asked, tells }) => asked.size > 0 || tells) : undefined;
    } catch (cause) {
      if (cause instanceof TooLarge) return undefined;
      throw cause;
    }
  }

  #wantedAt(place: Place, sets: readonly SelectionSetNode[], isNeed: boolean): readonly Wanted[] {
    const { schema } = this.#scope;
    const selecting = { scope: this.#scope, fragments: this.#fragments };
    return [...place.types].flatMap((type) => {
      // Objects of hidden types become null, whatever is asked; but who requires something reads them.
      if (!isNeed && !isObjectType(schema.getType(type))) return [];
      return Array.from(selectedFields(selecting, type, sets), ([key, nodes]): Wanted => {
        this.#work.spend(1);
        const [first, ...others] = nodes;
        if (!first) throw new TooLarge();
        return { type, key, nodes: [first, ...others], without: none };
      });
    });
  }

  /** Asks for fields of the objects of a place. @returns what nobody answers */
  #want(place: Place, wanted: readonly Wanted[], isNeed: boolean): readonly Wanted[] {
    let open = this.#here(place, wanted, isNeed);
    const left: Wanted[] = [];
    while (open.length > 0) {
      this.#work.spend(open.length);
      if (this.#steps.length > maxSteps) throw new TooLarge();
      const chosen = this.#choice.choose(place, open);
      left.push(...open.filter((one) => !chosen.has(one)));
      const [first] = chosen.values();
      if (!first) break;
      if (place.untold !== undefined && !this.#together.isForAll(place, chosen)) {
        open = [...chosen.keys()];
        if (!this.#tell(place)) return [...left, ...open];
        open = this.#here(place, open, isNeed);
        continue;
      }
      const together = this.#together.together(chosen, first.service);
      const others = [...chosen.keys()].filter((one) => !together.has(one));
      const spot = this.#step(place, together, first.service);
      const failed = spot ? this.#ask(place, spot, [...together.keys()], isNeed) : [...together.keys()];
      open = this.#here(place, [...others, ...failed.map((one) => without(one, first.service))], isNeed);
    }
    return left;
  }

  /** Asks for what the objects come with. @returns the rest */
  #here(place: Place, wanted: readonly Wanted[], isNeed: boolean): readonly Wanted[] {
    let open = wanted;
    for (const spot of place.spots) {
      const answered = open.filter((one) => !one.without.has(spot.service) && this.#answers(spot, one));
      const own = this.#together.withoutClashes(spot.service, answered);
      if (own.length === 0) continue;
      const failed = this.#ask(place, spot, own, isNeed).map((one) => without(one, spot.service));
      open = [...open.filter((one) => !own.includes(one)), ...failed];
    }
    return open;
  }

  #answers(spot: Spot, { type, key, nodes: [{ name }] }: Wanted): boolean {
    const { subgraphTypes } = this.#scope;
    const { service, provided } = spot;
    const asked = this.#askedOf(spot, type)?.get(key);
    if (asked?.below && !asked.types.has(type)) return false;
    if (!spot.types.has(type) || subgraphTypes.requirementOf(service, type, name.value).length > 0) return false;
    if (answersOf(this.#scope, type, name.value).includes(service)) return true;
    const field = { service, type, name: name.value, provided };
    return subgraphTypes.isExternal(service, type, name.value) && !isForeign(this.#scope, field);
  }

  /** A request for fields that the objects do not come with. @returns undefined where it cannot be made */
  #step(place: Place, chosen: ReadonlyMap<Wanted, Choice>, service: string): Spot | undefined {
    const { subgraphTypes } = this.#scope;
    const types = new Set(Array.from(chosen.keys(), ({ type }) => type));
    if ([...types].some((type) => this.#choice.isRoot(type))) {
      const isTop = place.path.length === 0;
      if (isTop !== types.has(this.#root) || types.size > 1) return undefined;
      const step = new PlannedStep({ service, path: place.path, requires: undefined, tells: false }, place.before);
      return this.#added(place, step, types);
    }
    const before = new Set(place.before);
    const requires: Requirement[] = [];
    for (const type of types) {
      const wanted = new Map<string, SelectionNode>();
      for (const [{ type: other }, { key, requires: also }] of chosen) {
        if (other !== type) continue;
        for (const node of [...key, ...also]) wanted.set(JSON.stringify(node), node);
      }
      const held = this.#needAll(place, type, [...wanted.values()], before);
      if (!held) return undefined;
      requires.push({ kind: 'types', condition: type, selections: [typenameRequirement, ...held] });
    }
    const [first] = requires;
    const isUntold = place.untold !== undefined && first?.kind === 'types';
    const represented = isUntold ? [{ ...first, condition: place.untold ?? '' }] : requires;
    const tells = [...types].every((type) => subgraphTypes.nameIn(service, type) === type);
    return this.#added(
      place,
      new PlannedStep({ service, path: place.path, requires: represented, tells }, before),
      types,
    );
  }

  #added(place: Place, step: PlannedStep, types: ReadonlySet<string>): Spot {
    const spot: Spot = { step, asked: step.asked, service: step.service, types, provided: [], keys: [] };
    this.#steps.push(step);
    place.spots.push(spot);
    return spot;
  }

  /** Asks somebody who knows all types behind an interface which of them each object has. */
  #tell(place: Place): boolean {
    const { untold, types } = place;
    const { subgraphTypes } = this.#scope;
    if (untold === undefined) return true;
    for (const service of subgraphTypes.tellersOf(untold)) {
      const routes = [...types].map((type) => this.#choice.routesTo(place, type).get(service));
      const [key] = subgraphTypes.keysOf(service, untold);
      if (!key || routes.some((route) => !route || route.hops > 0)) continue;
      const before = new Set(place.before);
      const held = [...types].map((type) => this.#needAll(place, type, key, before));
      const [first] = held;
      if (!first || held.some((one) => JSON.stringify(one) !== JSON.stringify(first))) continue;
      const requires: Requirement[] = [
        { kind: 'types', condition: untold, selections: [typenameRequirement, ...first] },
      ];
      const told = subgraphTypes.possibleIn(service, untold);
      const step = new PlannedStep({ service, path: place.path, requires, tells: true }, before);
      this.#added(place, step, told);
      place.before.add(step);
      place.types = new Set([...types].filter((type) => told.has(type)));
      place.untold = undefined;
      return true;
    }
    return false;
  }

  #needAll(
    place: Place,
    type: string,
    nodes: readonly SelectionNode[],
    before: Set<PlannedStep>,
  ): readonly Requirement[] | undefined {
    const held: Requirement[] = [];
    for (const node of nodes) {
      if (node.kind === Kind.FIELD && node.name.value === '__typename') continue;
      const { requirement, before: more } = this.#need(place, type, node);
      if (!requirement) return undefined;
      for (const step of more) before.add(step);
      held.push(requirement);
    }
    return merged(held);
  }

  /** Has a field of the objects asked for, under a key that no client can give. */
  #need(place: Place, type: string, node: SelectionNode): Need {
    const id = `${type}/${this.#ids.of(node)}`;
    const known = place.needs.get(id);
    if (known) return known;
    // Whoever needs it for the way to itself finds none.
    place.needs.set(id, unmet);
    const wanted = this.#wantedAt({ ...place, types: new Set([type]) }, [setOf([this.#names.named(node)])], true);
    const answering = new Set<PlannedStep>();
    this.#answering.push(answering);
    const left = this.#want(place, wanted, true);
    this.#answering.pop();
    const outer = this.#answering.at(-1);
    if (outer) for (const step of answering) outer.add(step);
    const need = { requirement: left.length === 0 ? this.#names.requirement(node) : undefined, before: answering };
    place.needs.set(id, need);
    return need;
  }

  /** Puts fields that the subgraph answers into a request. @returns what is left of them */
  #ask(place: Place, spot: Spot, wanted: readonly Wanted[], isNeed: boolean): readonly Wanted[] {
    const { subgraphTypes } = this.#scope;
    const left: Wanted[] = [];
    const groups = new Map<string, Wanted[]>();
    for (const one of wanted) {
      const [{ name }] = one.nodes;
      const fieldType = subgraphTypes.fieldType(spot.service, one.type, name.value);
      const field = { service: spot.service, type: one.type, name: name.value, provided: spot.provided };
      const provides = providedBelow(this.#scope, field).length > 0 ? one.type : '';
      const known = this.#askedOf(spot, one.type)?.get(one.key)?.below;
      const asked = known ? this.#ids.of(known) : 'new';
      const alike = [one.key, fieldType, provides, asked, ...one.nodes.map((node) => this.#ids.of(node))].join('/');
      groups.set(alike, [...(groups.get(alike) ?? []), one]);
    }
    for (const group of groups.values()) left.push(...this.#askAlike(place, spot, group, isNeed));
    return left;
  }

  #askedOf({ asked, service }: Spot, type: string) {
    return asked.get(this.#scope.subgraphTypes.nameIn(service, type));
  }

  /** The same field of objects of several types, with objects of one type below it. */
  #askAlike(place: Place, spot: Spot, group: readonly Wanted[], isNeed: boolean): readonly Wanted[] {
    const [first] = group;
    if (!first) return [];
    const { subgraphTypes } = this.#scope;
    const { service, step } = spot;
    const { alias: _, selectionSet, directives: __, ...node } = first.nodes[0];
    const name = node.name.value;
    const source = sourceOf(node);
    const names = new Set(group.map(({ type }) => subgraphTypes.nameIn(service, type)));
    const key = freeKey({ subgraphTypes, ids: this.#ids }, spot, group, names, source);
    if (key === undefined) return group;
    const below: AskedTypes | undefined = selectionSet && this.#belowOf(spot, names, key);
    const types = new Set(group.map(({ type }) => type));
    const fieldType = subgraphTypes.fieldType(service, first.type, name);
    const tells = fieldType === undefined || !subgraphTypes.isInterfaceObject(service, fieldType);
    for (const each of names) {
      const fields = spot.asked.get(each) ?? new Map();
      spot.asked.set(each, fields);
      if (!fields.has(key)) fields.set(key, { node, source, types, below, tells, fieldType });
    }
    for (const answering of this.#answering) answering.add(step);
    if (!below) return [];
    const possible = fieldType === undefined ? none : subgraphTypes.possibleIn(service, fieldType);
    if (place.depth > maxDepth) throw new TooLarge();
    if (fieldType === undefined || possible.size === 0) return group;
    const field = { key, below, fieldType, types: possible };
    const inner = this.#places.get(below) ?? placeBelow(this.#scope, place, spot, group, field);
    this.#places.set(below, inner);
    const sets = setsOf(first.nodes);
    const wanted = this.#wantedAt(inner, sets, isNeed);
    const mustTell = inner.untold !== undefined && (dependsOnType(sets) || !this.#together.isSameForAll(inner, wanted));
    if (mustTell && !this.#tell(inner)) return group;
    // Telling may have shown that objects of some types never stand there.
    const still = wanted.filter(({ type }) => inner.types.has(type));
    const left = this.#want(inner, still, isNeed);
    if (left.length === 0) return [];
    const selections = left.map(({ type, nodes }) => onType(type, [...nodes]));
    const rest: FieldNode = { ...first.nodes[0], selectionSet: setOf(selections) };
    return group.map((one) => ({ ...one, nodes: [rest] }));
  }

  #belowOf({ asked }: Spot, names: ReadonlySet<string>, key: string): AskedTypes {
    for (const name of names) {
      const known = asked.get(name)?.get(key)?.below;
      if (known) return known;
    }
    return new Map();
  }
}

const none: ReadonlySet<string> = new Set();

const unmet: Need = { requirement: undefined, before: new Set() };

/** Each field once, with all that is held below it. */
function merged(requirements: readonly Requirement[]): readonly Requirement[] {
  const byName = new Map<string, Requirement>();
  for (const one of requirements) {
    const name = one.kind === 'field' ? `${one.alias ?? ''}:${one.name}` : `... on ${one.condition}`;
    const known = byName.get(name);
    byName.set(name, { ...one, selections: merged([...(known?.selections ?? []), ...one.selections]) });
  }
  return [...byName.values()];
}

/** Whether what is selected depends on the type of the objects. */
const dependsOnType = (sets: readonly SelectionSetNode[]): boolean =>
  sets.some(({ selections }) =>
    selections.some((node) => {
      if (node.kind === Kind.FIELD) return node.name.value === '__typename';
      return (
        node.kind === Kind.FRAGMENT_SPREAD || node.typeCondition !== undefined || dependsOnType([node.selectionSet])
      );
    }),
  );
