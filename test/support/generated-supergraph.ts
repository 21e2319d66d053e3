import { randomNumbers } from './federation-operations.ts';
import type { SubgraphDefinition } from './federation-subgraph.ts';

/**
 * A supergraph made of a number: entity types spread over two to five subgraphs, with every directive of Federation 2
 * that decides where a value comes from, and data that both the subgraphs and one single schema compute from names and
 * positions alone. Whatever a gateway answers must be what the single schema answers. Not every one composes.
 */
export interface GeneratedSupergraph {
  readonly subgraphs: Readonly<Record<string, SubgraphDefinition>>;
  /** Resolvers of the same graph as one schema. */
  readonly monolith: Record<string, Record<string, (source: never, args: never) => unknown>>;
}

/** Values of the arguments that generated fields take. */
export const generatedArguments = {
  n: ['0', '1', '7', 'null'],
  e: ['RED', 'BLUE'],
  f: ['{ n: 1 }', '{ e: GREEN, n: null }', '{}'],
};

interface Shape {
  readonly named: string;
  readonly isList: boolean;
  readonly isNullable: boolean;
  readonly hasNullableItems: boolean;
}

interface Field {
  readonly name: string;
  readonly shape: Shape;
  readonly args: readonly (keyof typeof generatedArguments)[];
  /** The object types behind an interface or union. */
  readonly members: readonly string[];
  /** Fails for some objects. */
  isBroken: boolean;
  readonly requires: readonly Requirement[];
}

interface Requirement {
  readonly field: Field;
  readonly given: Readonly<Record<string, unknown>>;
  readonly below: readonly Requirement[];
}

/** One field as one subgraph defines it. */
interface Definition {
  readonly field: Field;
  directives: string;
  readonly isOverridden?: boolean;
}

interface Entity {
  readonly name: string;
  readonly count: number;
  readonly fields: Map<string, Field>;
  /** Who resolves a field, by its name. */
  readonly owners: Map<string, readonly string[]>;
}

interface TypePart {
  readonly keys: Set<string>;
  readonly fields: Map<string, Definition>;
}

interface Subgraph {
  readonly name: string;
  readonly entities: Map<string, TypePart>;
  readonly values: Set<string>;
  readonly unions: Map<string, readonly string[]>;
  readonly queries: Map<string, Definition>;
  hasInterface: boolean;
  isInterfaceKeyed: boolean;
  /** Fields that this subgraph gives to the interface as an @interfaceObject. */
  readonly interfaceFields: Map<string, Definition>;
}

/** Any object: entities are told by their position, other objects by a number. */
interface Thing {
  readonly __typename: string;
  readonly at: number;
  readonly representation?: Record<string, unknown>;
}

const scalars = ['Int', 'String', 'Float', 'Boolean', 'ID', 'Color'];
const keyPool = ['id', 'id', 'code', 'id num', 'ref { code }', 'num ref { code num }'];
const keyFields: Readonly<Record<string, string>> = { id: 'ID!', code: 'String!', num: 'Int!', ref: 'Ref!' };
const interfaceName = 'Part';

export function generateSupergraph(seed: number): GeneratedSupergraph {
  const random = randomNumbers(seed);
  const chance = (percent: number) => random() * 100 < percent;
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;

  const subgraphs: Subgraph[] = Array.from({ length: 2 + below(4) }, (_, i) => createSubgraph(`s${i}`));
  const entities: Entity[] = Array.from({ length: 1 + below(4) }, (_, i) => ({
    name: `E${i}`,
    count: 2 + below(3),
    fields: new Map(),
    owners: new Map(),
  }));
  const implementing = chance(55) ? entities.filter(() => chance(70)) : [];
  const withInterfaceObject = implementing.length > 0 && chance(60);

  for (const entity of entities) {
    const homes = subgraphs.filter(() => chance(65));
    for (const subgraph of homes.length > 0 ? homes : [pick(subgraphs)]) addEntity(subgraph, entity.name);
  }
  if (withInterfaceObject) {
    const home = pick(subgraphs);
    for (const { name } of implementing) addEntity(home, name).keys.add('id');
    home.hasInterface = true;
    home.isInterfaceKeyed = true;
  }
  for (const subgraph of subgraphs) {
    const known = implementing.filter(({ name }) => subgraph.entities.has(name));
    if (known.length > 0 && chance(50)) subgraph.hasInterface = true;
    if (subgraph.hasInterface) for (const { name } of known) addEntity(subgraph, name).keys.add('id');
  }
  for (const [i, subgraph] of subgraphs.entries()) {
    const known = [...entities.map(({ name }) => name).filter((name) => subgraph.entities.has(name)), 'V0'];
    if (i < 3 && chance(35))
      subgraph.unions.set(
        'Any',
        known.filter(() => chance(75)),
      );
    if (subgraph.unions.get('Any')?.length === 0) subgraph.unions.delete('Any');
    if (subgraph.unions.get('Any')?.includes('V0')) useValue(subgraph, 'V0');
  }

  for (const entity of entities) {
    const homes = () => subgraphs.filter(({ entities: known }) => known.has(entity.name));
    const count = 2 + below(5);
    for (let i = 0; i < count; i += 1) addField(entity, `f${i}`, homes());
  }
  for (const entity of entities) {
    for (const subgraph of subgraphs) {
      if (subgraph.entities.has(entity.name) && chance(35)) addRequiring(entity, subgraph);
    }
  }
  for (const subgraph of subgraphs) {
    const count = 1 + below(3);
    for (let i = 0; i < count; i += 1) {
      const field = createField(`${subgraph.name}_${i}`, subgraph, 15);
      if (field) subgraph.queries.set(field.name, { field, directives: providesOf(subgraph, field) });
    }
  }
  const [first, second] = subgraphs;
  if (first && second && chance(30)) {
    const shared = createField('shared', first, 100);
    if (shared)
      for (const each of [first, second]) each.queries.set('shared', { field: shared, directives: ' @shareable' });
  }
  if (withInterfaceObject) subgraphs.push(createInterfaceObject());

  function createSubgraph(name: string): Subgraph {
    return {
      name,
      entities: new Map(),
      values: new Set(),
      unions: new Map(),
      queries: new Map(),
      hasInterface: false,
      isInterfaceKeyed: false,
      interfaceFields: new Map(),
    };
  }

  function addEntity(subgraph: Subgraph, name: string): TypePart {
    const known = subgraph.entities.get(name);
    if (known) return known;
    const keys = new Set(chance(60) ? ['id'] : Array.from({ length: 1 + below(2) }, () => pick(keyPool)));
    const part: TypePart = { keys, fields: new Map() };
    subgraph.entities.set(name, part);
    return part;
  }

  function useValue(subgraph: Subgraph, name: string): void {
    subgraph.values.add(name);
    if (name === 'V1') {
      subgraph.values.add('V0');
      const entity = entities[0];
      if (entity) addEntity(subgraph, entity.name);
    }
  }

  function createShape(named: string): Shape {
    return { named, isList: chance(30), isNullable: chance(70), hasNullableItems: chance(50) };
  }

  /** @param scalarPercent how often it is a scalar */
  function createField(name: string, subgraph: Subgraph, scalarPercent: number): Field | undefined {
    const args = (Object.keys(generatedArguments) as (keyof typeof generatedArguments)[]).filter(() => chance(12));
    const base = { name, args, isBroken: chance(12), requires: [] };
    if (chance(scalarPercent)) return { ...base, shape: createShape(pick(scalars)), members: [] };
    const known = implementing
      .map(({ name: each }) => each)
      .filter((each) => subgraph.entities.get(each)?.keys.has('id'));
    if (subgraph.hasInterface && known.length > 0 && chance(30))
      return { ...base, shape: createShape(interfaceName), members: known };
    const members = subgraph.unions.get('Any');
    if (members && chance(30)) return { ...base, shape: createShape('Any'), members };
    if (chance(20)) {
      const value = pick(['V0', 'V1']);
      useValue(subgraph, value);
      return { ...base, shape: createShape(value), members: [] };
    }
    const { name: target } = pick(entities);
    addEntity(subgraph, target);
    return { ...base, shape: createShape(target), members: [] };
  }

  function addField(entity: Entity, name: string, homes: readonly Subgraph[]): void {
    const owner = pick(homes);
    const field = createField(name, owner, 55);
    if (!field) return;
    const part = addEntity(owner, entity.name);
    entity.fields.set(name, field);
    const others = homes.filter((each) => each !== owner);
    const isPlain = scalars.includes(field.shape.named);
    if (isPlain && others.length > 0 && chance(20)) {
      const second = pick(others);
      part.fields.set(name, { field, directives: ' @shareable' });
      addEntity(second, entity.name).fields.set(name, { field, directives: ' @shareable' });
      entity.owners.set(name, [owner.name, second.name]);
    } else if (isPlain && others.length > 0 && chance(10)) {
      const old = pick(others);
      part.fields.set(name, { field, directives: ` @override(from: "${old.name}")` });
      addEntity(old, entity.name).fields.set(name, { field, directives: '', isOverridden: true });
      // Nobody may call it external any more, so it belongs to both.
      entity.owners.set(name, [owner.name, old.name]);
    } else {
      part.fields.set(name, { field, directives: providesOf(owner, field) });
      entity.owners.set(name, [owner.name]);
    }
  }

  /** Marks a field of the entity behind `field` as known on this way. */
  function providesOf(subgraph: Subgraph, field: Field): string {
    const target = entities.find(({ name }) => name === field.shape.named);
    if (!target || !chance(30)) return '';
    const candidates = [...target.fields.values()].filter((each) => canBeExternal(subgraph, target, each));
    if (candidates.length === 0) return '';
    const provided = pick(candidates);
    markExternal(subgraph, target, provided);
    for (const { entities: others } of subgraphs) {
      const resolved = others.get(target.name)?.fields.get(provided.name);
      if (resolved && !/external|shareable/.test(resolved.directives)) resolved.directives += ' @shareable';
    }
    return ` @provides(fields: "${provided.name}")`;
  }

  function canBeExternal(subgraph: Subgraph, entity: Entity, field: Field): boolean {
    return (
      scalars.includes(field.shape.named) &&
      field.requires.length === 0 &&
      field.args.length === 0 &&
      !(entity.owners.get(field.name) ?? []).includes(subgraph.name)
    );
  }

  function markExternal(subgraph: Subgraph, entity: Entity, field: Field): void {
    const part = addEntity(subgraph, entity.name);
    if (!part.fields.has(field.name)) part.fields.set(field.name, { field, directives: ' @external' });
  }

  function addRequiring(entity: Entity, subgraph: Subgraph): void {
    const candidates = [...entity.fields.values()].filter(
      (each) => !(entity.owners.get(each.name) ?? []).includes(subgraph.name) && each.members.length === 0,
    );
    if (candidates.length === 0) return;
    const wanted = new Set(Array.from({ length: 1 + below(2) }, () => pick(candidates)));
    const requires = [...wanted].flatMap((field) => requirementOf(subgraph, field) ?? []);
    if (requires.length === 0) return;
    for (const { field } of requires) markExternal(subgraph, entity, field);
    const name = `q${subgraph.name}`;
    const shape = { named: 'String', isList: false, isNullable: chance(70), hasNullableItems: true };
    const args = chance(15) ? (['n'] as const) : [];
    const field: Field = { name, shape, args, members: [], isBroken: false, requires };
    entity.fields.set(name, field);
    entity.owners.set(name, [subgraph.name]);
    const part = addEntity(subgraph, entity.name);
    part.fields.set(name, { field, directives: ` @requires(fields: "${requires.map(requiredText).join(' ')}")` });
  }

  function requirementOf(subgraph: Subgraph, field: Field): Requirement | undefined {
    field.isBroken = false;
    const { named } = field.shape;
    const given: Record<string, unknown> = field.args.includes('n') && chance(70) ? { n: below(3) } : {};
    if (scalars.includes(named)) return { field, given, below: [] };
    if (named === 'V0') {
      useValue(subgraph, 'V0');
      return { field, given, below: [{ field: v0Fields[below(2)] as Field, given: {}, below: [] }] };
    }
    const target = entities.find(({ name }) => name === named);
    if (!target) return undefined;
    const candidates = [...target.fields.values()].filter((each) => canBeExternal(subgraph, target, each));
    if (candidates.length === 0) return undefined;
    const inner = pick(candidates);
    inner.isBroken = false;
    markExternal(subgraph, target, inner);
    return { field, given, below: [{ field: inner, given: {}, below: [] }] };
  }

  function createInterfaceObject(): Subgraph {
    const subgraph = createSubgraph('io');
    const count = 1 + below(3);
    for (let i = 0; i < count; i += 1) {
      const isRequiring = chance(30);
      const field: Field = {
        name: `x${i}`,
        shape: isRequiring ? { ...labelField.shape, isNullable: chance(70) } : createShape(pick(scalars)),
        args: chance(20) ? ['n'] : [],
        members: [],
        isBroken: !isRequiring && chance(10),
        requires: isRequiring ? [{ field: labelField, given: {}, below: [] }] : [],
      };
      const directives = isRequiring ? ' @requires(fields: "label")' : '';
      subgraph.interfaceFields.set(field.name, { field, directives });
      if (isRequiring) subgraph.interfaceFields.set('label', { field: labelField, directives: ' @external' });
    }
    if (chance(60)) {
      const members = implementing.map(({ name }) => name);
      const field: Field = {
        name: 'io_0',
        shape: createShape(interfaceName),
        args: chance(20) ? ['n'] : [],
        members,
        isBroken: false,
        requires: [],
      };
      subgraph.queries.set(field.name, { field, directives: '' });
    }
    return subgraph;
  }

  const graph: Graph = {
    entities,
    implementing,
    interfaceFields: subgraphs.flatMap((each) =>
      [...each.interfaceFields.values()]
        .filter(({ directives }) => !directives.includes('@external'))
        .map(({ field }) => field),
    ),
  };
  return {
    subgraphs: Object.fromEntries(subgraphs.map((subgraph) => [subgraph.name, defineSubgraph(subgraph, graph)])),
    monolith: monolithOf(subgraphs, graph),
  };
}

const plain = (name: string, named: string, isNullable = true): Field => ({
  name,
  shape: { named, isList: false, isNullable, hasNullableItems: true },
  args: [],
  members: [],
  isBroken: false,
  requires: [],
});
const labelField = plain('label', 'String');
const v0Fields: readonly Field[] = [plain('a', 'Int'), plain('b', 'String', false)];

interface Graph {
  readonly entities: readonly Entity[];
  readonly implementing: readonly Entity[];
  readonly interfaceFields: readonly Field[];
}

const shapeText = ({ named, isList, isNullable, hasNullableItems }: Shape) =>
  `${isList ? `[${named}${hasNullableItems ? '' : '!'}]` : named}${isNullable ? '' : '!'}`;

const argumentTypes = { n: 'Int = 1', e: 'Color', f: 'Filter' };

const fieldText = ({ field, directives }: Definition) => {
  const args = field.args.map((name) => `${name}: ${argumentTypes[name]}`).join(' ');
  return `${field.name}${args && `(${args})`}: ${shapeText(field.shape)}${directives}`;
};

function requiredText({ field, given, below }: Requirement): string {
  const args = Object.entries(given).map(([name, value]) => `${name}: ${value}`);
  return `${field.name}${args.length > 0 ? `(${args.join(' ')})` : ''}${below.length > 0 ? ` { ${below.map(requiredText).join(' ')} }` : ''}`;
}

function defineSubgraph(subgraph: Subgraph, graph: Graph): SubgraphDefinition {
  const { entities, unions, queries, values, hasInterface, isInterfaceKeyed, interfaceFields } = subgraph;
  const isImplementing = (name: string) =>
    hasInterface && entities.get(name)?.keys.has('id') && graph.implementing.some((each) => each.name === name);
  const texts: string[] = [];
  const resolvers: Record<string, Record<string, unknown>> = {};
  const resolveAll = (type: string, definitions: Iterable<Definition>) => {
    const own: Record<string, unknown> = resolvers[type] ?? {};
    resolvers[type] = own;
    for (const { field, isOverridden } of definitions)
      own[field.name] = resolverOf(graph, type, field, { isOverridden });
  };
  if (queries.size > 0) {
    texts.push(`type Query { ${[...queries.values()].map(fieldText).join(' ')} }`);
    resolveAll('Query', queries.values());
  }
  for (const [name, { keys, fields }] of entities) {
    const isPart = isImplementing(name);
    const known = Object.keys(keyFields).filter((key) => [...keys].some((text) => topLevel(text).includes(key)));
    const keyText = known.map((key) => `${key}: ${keyFields[key]?.replace('Ref', `${name}Ref`)}`);
    const body = [...keyText, ...(isPart ? ['label: String @shareable'] : []), ...[...fields.values()].map(fieldText)];
    const directives = [...keys].map((key) => ` @key(fields: "${key}")`).join('');
    texts.push(`type ${name}${isPart ? ` implements ${interfaceName}` : ''}${directives} { ${body.join(' ')} }`);
    if (known.includes('ref')) {
      const needed = ['code', 'num'].filter((part) =>
        [...keys].some((key) => /\{(.*)\}/.exec(key)?.[1]?.includes(part)),
      );
      texts.push(
        `type ${name}Ref @shareable { ${needed.map((part) => `${part}: ${part === 'code' ? 'ID!' : 'Int!'}`).join(' ')} }`,
      );
    }
    resolveAll(name, fields.values());
    Object.assign(resolvers[name] ?? {}, keyResolvers(name), {
      __resolveReference: (reference: Record<string, unknown>) => entityOf(graph, name, reference),
      ...(isPart && { label: resolverOf(graph, interfaceName, labelField, {}) }),
    });
    for (const key of Object.keys(keyFields)) if (!known.includes(key)) delete resolvers[name]?.[key];
  }
  if (hasInterface) {
    texts.push(`interface ${interfaceName}${isInterfaceKeyed ? ' @key(fields: "id")' : ''} { id: ID! label: String }`);
    resolvers[interfaceName] = {
      ...(isInterfaceKeyed && {
        __resolveReference: (reference: Record<string, unknown>) => ({
          ...partById(graph, String(reference['id'])),
          representation: reference,
        }),
      }),
    };
  }
  if (interfaceFields.size > 0) {
    texts.push(
      `type ${interfaceName} @key(fields: "id") @interfaceObject { id: ID! ${[...interfaceFields.values()].map(fieldText).join(' ')} }`,
    );
    resolveAll(interfaceName, interfaceFields.values());
    Object.assign(resolvers[interfaceName] ?? {}, {
      id: (thing: Thing) => idOf(thing),
      __resolveReference: (reference: Record<string, unknown>) => ({
        ...(nameless(partById(graph, String(reference['id']))) as Thing),
        representation: reference,
      }),
    });
    const queryFields = resolvers['Query'] ?? {};
    for (const [name, resolve] of Object.entries(queryFields)) {
      // The subgraph does not know which type an object of the interface has.
      queryFields[name] = (...args: [never, never]) => nameless((resolve as (...all: unknown[]) => unknown)(...args));
    }
  }
  for (const [name, members] of unions) texts.push(`union ${name} = ${members.join(' | ')}`);
  for (const name of values) {
    texts.push(
      `type ${name} @shareable { ${valueFields(graph, name)
        .map((field) => fieldText({ field, directives: '' }))
        .join(' ')} }`,
    );
    resolveAll(
      name,
      valueFields(graph, name).map((field) => ({ field, directives: '' })),
    );
  }
  const text = texts.join('\n');
  if (/\bColor\b/.test(text) || /\bFilter\b/.test(text)) texts.push('enum Color { RED GREEN BLUE }');
  if (/\bFilter\b/.test(text)) texts.push('input Filter { n: Int = 5 e: Color }');
  return { typeDefs: texts.join('\n'), resolvers };
}

const topLevel = (key: string) => key.replace(/\{.*?\}/g, '').split(/\s+/);

function nameless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nameless);
  // Told by its id alone.
  return value && typeof value === 'object'
    ? { ...value, __typename: interfaceName, of: (value as Thing).__typename }
    : value;
}

const valueFields = (graph: Graph, name: string): readonly Field[] =>
  name === 'V0' ? v0Fields : [plain('v', 'V0'), plain('e', graph.entities[0]?.name ?? ''), plain('c', 'Color')];

function keyResolvers(type: string): Record<string, (thing: Thing) => unknown> {
  return {
    id: ({ at }) => `${type}-${at}`,
    code: ({ at }) => `c${at}`,
    num: ({ at }) => at + 10,
    ref: ({ at }) => ({ code: `r${at}`, num: at }),
  };
}

const idOf = (thing: Thing) => `${(thing as Thing & { of?: string }).of ?? thing.__typename}-${thing.at}`;

/** The entity that a representation names. All its keys must agree. */
function entityOf(graph: Graph, type: string, reference: Record<string, unknown>): Thing {
  const count = graph.entities.find(({ name }) => name === type)?.count ?? 0;
  const keys = keyResolvers(type);
  const matches = (at: number) =>
    Object.entries(keys).every(([name, read]) => agrees(reference[name], read({ __typename: type, at })));
  const named = Object.keys(keys).some((name) => reference[name] !== undefined);
  const found = Array.from({ length: count }, (_, at) => at).filter(matches);
  if (!named || found.length !== 1) throw new Error(`${JSON.stringify(reference)} names ${found.length} of ${type}`);
  return { __typename: type, at: found[0] ?? 0, representation: reference };
}

function agrees(given: unknown, known: unknown): boolean {
  if (given === undefined) return true;
  if (typeof known !== 'object' || known === null) return given === known;
  if (typeof given !== 'object' || given === null) return false;
  return Object.entries(given).every(
    ([name, value]) => name === '__typename' || value === (known as Record<string, unknown>)[name],
  );
}

function partById(graph: Graph, id: string): Thing {
  const [type = '', at = ''] = id.split('-');
  const entity = graph.implementing.find(({ name }) => name === type);
  if (!entity || Number(at) >= entity.count) throw new Error(`No part ${id}`);
  return { __typename: type, at: Number(at) };
}

interface World {
  readonly isMonolith?: boolean;
  readonly isOverridden?: boolean | undefined;
}

function resolverOf(graph: Graph, type: string, field: Field, { isMonolith = false, isOverridden = false }: World) {
  return (thing: Thing | undefined, args: Readonly<Record<string, unknown>>) => {
    if (isOverridden) throw new Error(`${type}.${field.name} has moved`);
    return evaluate(graph, type, field, thing, args, isMonolith);
  };
}

/** The value of a field is made of where it stands. */
function evaluate(
  graph: Graph,
  type: string,
  field: Field,
  thing: Thing | undefined,
  args: Readonly<Record<string, unknown>>,
  isMonolith: boolean,
): unknown {
  const place = thing === undefined ? '' : type === interfaceName ? idOf(thing) : `${thing.at}`;
  if (field.requires.length > 0) {
    const known = field.requires.map((one) =>
      isMonolith ? readModel(graph, type, thing, one) : readGiven(thing?.representation, one),
    );
    return `${field.name} of ${JSON.stringify([known, args['n'] ?? null])}`;
  }
  const key = `${type}/${place}/${field.name}/${JSON.stringify(args)}`;
  if (field.isBroken && hash(`${key}!`) % 4 === 0) {
    throw Object.assign(new Error(`${type}.${field.name} is broken`), { extensions: { code: 'BROKEN' } });
  }
  return valueAt(graph, field, key);
}

function valueAt(graph: Graph, { shape, members, name }: Field, key: string): unknown {
  if (shape.isNullable && hash(`${key}?`) % 5 === 0) return null;
  if (!shape.isList) return single(graph, shape.named, members, name, key);
  return Array.from({ length: hash(`${key}#`) % 4 }, (_, i) =>
    shape.hasNullableItems && hash(`${key}?${i}`) % 6 === 0
      ? null
      : single(graph, shape.named, members, name, `${key}[${i}]`),
  );
}

function single(graph: Graph, named: string, members: readonly string[], name: string, key: string): unknown {
  const number = hash(key);
  switch (named) {
    case 'Int':
      return number % 1000;
    case 'Float':
      return (number % 1000) / 4;
    case 'Boolean':
      return number % 2 === 0;
    case 'Color':
      return ['RED', 'GREEN', 'BLUE'][number % 3];
    case 'ID':
    case 'String':
      return `${name} "${number % 97}"`;
  }
  const type = members.length > 0 ? (members[number % members.length] ?? '') : named;
  const entity = graph.entities.find((each) => each.name === type);
  return { __typename: type, at: entity ? hash(`${key}@`) % entity.count : number % 100_000 };
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 16_777_619);
  value ^= value >>> 15;
  value = Math.imul(value, 0x2c1b3c6d);
  return (value ^ (value >>> 12)) >>> 0;
}

/** A required value as the representation brings it. */
function readGiven(source: Record<string, unknown> | undefined, required: Requirement): unknown {
  const value = source?.[required.field.name];
  if (value === undefined) throw new Error(`The representation lacks ${required.field.name}`);
  return shaped(
    value,
    (item) => required.below.map((one) => readGiven(item as Record<string, unknown>, one)),
    required,
  );
}

/** A required value as it is. */
function readModel(graph: Graph, type: string, thing: Thing | undefined, required: Requirement): unknown {
  const { field, given } = required;
  const args = { ...(field.args.includes('n') && { n: 1 }), ...given };
  const owner = field === labelField ? interfaceName : type;
  const value = evaluate(graph, owner, field, thing, args, true);
  const inner = field.shape.named;
  return shaped(value, (item) => required.below.map((one) => readModel(graph, inner, item as Thing, one)), required);
}

function shaped(value: unknown, read: (item: unknown) => unknown, required: Requirement): unknown {
  if (value === null || required.below.length === 0) return value;
  return Array.isArray(value) ? value.map((item) => (item === null ? null : read(item))) : read(value);
}

function monolithOf(subgraphs: readonly Subgraph[], graph: Graph): GeneratedSupergraph['monolith'] {
  const resolvers: Record<string, Record<string, unknown>> = { Query: {} };
  const world = { isMonolith: true };
  for (const { queries } of subgraphs) {
    for (const { field } of queries.values()) {
      Object.assign(resolvers['Query'] ?? {}, { [field.name]: resolverOf(graph, 'Query', field, world) });
    }
  }
  for (const { name, fields } of graph.entities) {
    const isPart = graph.implementing.some((each) => each.name === name);
    resolvers[name] = {
      ...keyResolvers(name),
      ...Object.fromEntries([...fields.values()].map((field) => [field.name, resolverOf(graph, name, field, world)])),
      ...(isPart && {
        label: resolverOf(graph, interfaceName, labelField, world),
        ...Object.fromEntries(
          graph.interfaceFields.map((field) => [field.name, resolverOf(graph, interfaceName, field, world)]),
        ),
      }),
    };
  }
  for (const name of ['V0', 'V1']) {
    resolvers[name] = Object.fromEntries(
      valueFields(graph, name).map((field) => [field.name, resolverOf(graph, name, field, world)]),
    );
  }
  return resolvers as GeneratedSupergraph['monolith'];
}
