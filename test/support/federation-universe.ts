import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLFieldResolver,
  type GraphQLTypeResolver,
  Kind,
  parse,
  type SelectionSetNode,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql';
import { readDefinition, type SubgraphDefinition } from './federation-subgraph.ts';

/**
 * Data for any set of subgraphs, made from their schemas alone: every value follows from the object's number, the field
 * and its arguments, so that each subgraph and one schema over all of them say the same, whoever is asked.
 *
 * Subgraphs are strict: a field that is @external and not provided, overridden elsewhere, or that requires what the
 * representation does not hold, is an error. A field with @requires says what it was given.
 */
export interface Universe {
  readonly subgraphs: Readonly<Record<string, SubgraphDefinition>>;
  /** Answers any schema over all subgraphs, given as the root value `{}`. */
  readonly fieldResolver: GraphQLFieldResolver<unknown, unknown>;
  readonly typeResolver: GraphQLTypeResolver<unknown, unknown>;
}

interface Thing {
  readonly n: number;
  /** The representation that a subgraph was given. */
  readonly given?: Json | undefined;
  readonly provided?: readonly SelectionSetNode[] | undefined;
}
type Json = Record<string, unknown>;

interface Field {
  readonly node: FieldDefinitionNode;
  readonly isExternal: boolean;
}

interface ObjectType {
  readonly isInterfaceObject: boolean;
  readonly fields: Map<string, Field>;
  readonly keys: SelectionSetNode[];
  readonly interfaces: Set<string>;
}

interface Schema {
  readonly objects: Map<string, ObjectType>;
  readonly interfaces: Map<string, Map<string, FieldDefinitionNode>>;
  readonly interfaceKeys: Map<string, SelectionSetNode[]>;
  readonly unions: Map<string, Set<string>>;
  readonly enums: Map<string, Set<string>>;
}

const roots = new Set(['Query', 'Mutation', 'Subscription']);
const bases = 5;

/** A subgraph's schema; Federation 2 unless it says otherwise. */
export type UniverseDefinition = string | Omit<SubgraphDefinition, 'resolvers'>;

export function createUniverse(given: Readonly<Record<string, UniverseDefinition>>): Universe {
  const definitions = Object.fromEntries(
    Object.entries(given).map(([name, definition]) => [
      name,
      typeof definition === 'string' ? { typeDefs: definition } : definition,
    ]),
  );
  const schemas = new Map(
    Object.entries(definitions).map(([name, definition]) => [name, readSchema(readDefinition(definition))]),
  );
  const all = [...schemas.values()];
  const names = [
    ...new Set(
      all.flatMap(({ objects }) =>
        [...objects].flatMap(([name, type]) => (type.isInterfaceObject || roots.has(name) ? [] : [name])),
      ),
    ),
  ].sort();
  const count = names.length;
  const typeOf = (n: number) => (n < 0 ? 'Query' : (names[n % count] as string));
  const baseOf = (n: number) => Math.floor(n / count);
  const numberOf = (base: number, type: string) => base * count + names.indexOf(type);

  const implementersIn = ({ objects, unions }: Schema, abstract: string): Set<string> => {
    const members = unions.get(abstract);
    if (members) return members;
    if (objects.get(abstract)?.isInterfaceObject) return implementers(abstract);
    return new Set([...objects].flatMap(([name, { interfaces }]) => (interfaces.has(abstract) ? [name] : [])));
  };
  const implementers = (abstract: string): Set<string> =>
    new Set(
      all.flatMap((schema) =>
        schema.objects.get(abstract)?.isInterfaceObject ? [] : [...implementersIn(schema, abstract)],
      ),
    );
  const interfacesOf = (type: string) =>
    new Set(all.flatMap(({ objects }) => [...(objects.get(type)?.interfaces ?? [])]));

  /** `type.field` for everything that is part of some key. */
  const inKeys = new Set<string>();
  const noteKey = (type: string, set: SelectionSetNode): void => {
    for (const node of set.selections) {
      if (node.kind !== Kind.FIELD) continue;
      for (const name of [type, ...implementers(type)]) inKeys.add(`${name}.${node.name.value}`);
      const below = fieldOf(type, node.name.value);
      if (node.selectionSet && below) noteKey(namedOf(below.type), node.selectionSet);
    }
  };
  const fieldOf = (type: string, field: string): FieldDefinitionNode | undefined => {
    for (const { objects, interfaces } of all) {
      const known = objects.get(type)?.fields.get(field)?.node ?? interfaces.get(type)?.get(field);
      if (known) return known;
    }
    for (const { objects } of all) {
      for (const parent of interfacesOf(type)) {
        const known = objects.get(parent)?.isInterfaceObject && objects.get(parent)?.fields.get(field)?.node;
        if (known) return known;
      }
    }
    return undefined;
  };
  for (const { objects, interfaceKeys } of all) {
    for (const [name, { keys }] of objects) for (const key of keys) noteKey(name, key);
    for (const [name, keys] of interfaceKeys) for (const key of keys) noteKey(name, key);
  }

  /** Types that every subgraph which answers the field knows. */
  const candidates = new Map<string, readonly string[]>();
  const candidatesFor = (type: string, field: string, target: string): readonly string[] => {
    const key = `${type}.${field}`;
    let known = candidates.get(key);
    if (!known) {
      const parents = [type, ...interfacesOf(type)];
      const sets = all.flatMap((schema) => {
        const resolves = parents.some((name) => {
          const parent = schema.objects.get(name);
          const found = parent?.fields.get(field);
          return found && !found.isExternal && (name === type || parent?.isInterfaceObject);
        });
        return resolves ? [implementersIn(schema, target)] : [];
      });
      const [first = implementers(target), ...others] = sets;
      known = [...first].filter((name) => others.every((set) => set.has(name))).sort();
      if (known.length === 0) throw new Error(`Nothing can be ${key}.`);
      candidates.set(key, known);
    }
    return known;
  };

  const enumValues = (name: string): readonly string[] | undefined => {
    const sets = all.flatMap(({ enums }) => enums.get(name) ?? []);
    const [first, ...others] = sets;
    return first && [...first].filter((value) => others.every((set) => set.has(value))).sort();
  };

  const makeValue = (n: number, parent: string, field: string, type: TypeNode, seed: string): unknown => {
    const isKey = inKeys.has(`${parent}.${field}`);
    const make = (node: TypeNode, at: string, mayBeNull: boolean): unknown => {
      const chance = hash(at);
      if (node.kind === Kind.NON_NULL_TYPE) return make(node.type, at, false);
      if (mayBeNull && !isKey && chance % 9 === 4) return null;
      if (node.kind === Kind.LIST_TYPE) {
        const length = isKey ? 2 : chance % 4;
        return Array.from({ length }, (_, i) => make(node.type, `${at}/${i}`, true));
      }
      const name = node.name.value;
      const base = isKey ? (baseOf(n) + (Number(at.split('/')[1] ?? 0) || 0)) % bases : (chance >>> 3) % bases;
      if (names.includes(name)) return { n: numberOf(base, name) };
      if (
        all.some(({ objects, interfaces, unions }) => objects.has(name) || interfaces.has(name) || unions.has(name))
      ) {
        const possible = candidatesFor(parent, field, name);
        return { n: numberOf(base, possible[(isKey ? base : chance >>> 7) % possible.length] as string) };
      }
      const values = enumValues(name);
      if (values) return values[(isKey ? base : chance) % values.length];
      switch (name) {
        case 'Int':
          return isKey ? n : chance % 1000;
        case 'Float':
          return isKey ? n : (chance % 1000) / 4;
        case 'Boolean':
          return (isKey ? base : chance) % 2 === 0;
        default:
          return isKey ? `${n}` : `${field}-${chance % 1000}`;
      }
    };
    return make(type, seed, true);
  };

  const seedOf = (n: number, field: string, args: Json, given: string) => {
    const own = Object.keys(args)
      .sort()
      .map((name) => `${name}=${JSON.stringify(args[name])}`);
    return `${n}.${field}(${own.join()})${given}`.replaceAll('/', '|');
  };

  const argumentsIn = (node: FieldDefinitionNode, given: Json): Json => {
    const values: Json = { ...given };
    for (const { name, defaultValue } of node.arguments ?? []) {
      if (values[name.value] === undefined && defaultValue) values[name.value] = valueFromASTUntyped(defaultValue);
    }
    return values;
  };

  const matches = (condition: string, type: string) =>
    condition === type || implementers(condition).has(type) || interfacesOf(type).has(condition);

  /** What the whole graph says for a selection of required fields. */
  const projectTruth = (n: number, set: SelectionSetNode): Json => {
    const result: Json = {};
    for (const node of set.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        if (matches(node.typeCondition?.name.value ?? typeOf(n), typeOf(n)))
          Object.assign(result, projectTruth(n, node.selectionSet));
      } else if (node.kind === Kind.FIELD && node.name.value !== '__typename') {
        const args = Object.fromEntries(
          (node.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
        );
        const below = (value: unknown): unknown =>
          Array.isArray(value)
            ? value.map(below)
            : node.selectionSet && value
              ? projectTruth((value as Thing).n, node.selectionSet)
              : value;
        result[node.name.value] = below(truth(n, node.name.value, args));
      }
    }
    return result;
  };

  const requirements = new Map<string, SelectionSetNode | undefined>();
  const requiredBy = (type: string, field: string): SelectionSetNode | undefined => {
    const key = `${type}.${field}`;
    if (!requirements.has(key)) {
      const nodes = [type, ...interfacesOf(type)].flatMap((name) =>
        all.flatMap(({ objects }) => objects.get(name)?.fields.get(field)?.node ?? []),
      );
      requirements.set(key, nodes.flatMap((node) => selectionsOf(node, 'requires'))[0]);
    }
    return requirements.get(key);
  };

  const truth = (n: number, field: string, args: Json): unknown => {
    const type = typeOf(n);
    const node = fieldOf(type, field);
    if (!node) throw new Error(`${type} has no ${field}.`);
    const required = requiredBy(type, field);
    const given = required ? JSON.stringify(projectTruth(n, required)) : '';
    return makeValue(n, type, field, node.type, seedOf(n, field, argumentsIn(node, args), given));
  };

  /** The same from a representation; @throws where it lacks something. */
  const projectGiven = (given: Json, set: SelectionSetNode, where: string): Json => {
    const result: Json = {};
    for (const node of set.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value ?? '';
        // A fragment on the interface itself may be left out by the planner, and with it the type.
        const type = given['__typename'] ?? condition;
        if (typeof type !== 'string' || (type === condition && names.includes(condition) && !given['__typename'])) {
          throw new Error(`${where}: a required object came without its type.`);
        }
        if (matches(condition, type)) Object.assign(result, projectGiven(given, node.selectionSet, where));
      } else if (node.kind === Kind.FIELD && node.name.value !== '__typename') {
        const name = node.name.value;
        const value = given[name];
        if (value === undefined) throw new Error(`${where}: ${name} is required and was not given.`);
        const below = (item: unknown): unknown =>
          Array.isArray(item)
            ? item.map(below)
            : node.selectionSet && item
              ? projectGiven(item as Json, node.selectionSet, where)
              : item;
        result[name] = below(value);
      }
    }
    return result;
  };

  const isOverridden = (subgraph: string, type: string, field: string) =>
    all.some(({ objects }) =>
      objects
        .get(type)
        ?.fields.get(field)
        ?.node.directives?.some(
          (directive) =>
            directive.name.value === 'override' &&
            textArgument(directive, 'from') === subgraph &&
            textArgument(directive, 'label') === undefined,
        ),
    );

  const resolveIn =
    (subgraph: string, schema: Schema, parent: string, name: string) =>
    (source: Thing | undefined, args: Json): unknown => {
      const where = `${subgraph}: ${parent}.${name}`;
      const self = source && 'n' in source ? source : { n: roots.has(parent) ? -1 : Number.NaN };
      const field = schema.objects.get(parent)?.fields.get(name);
      if (!field) throw new Error(`${where} does not exist.`);
      const type = roots.has(parent) ? parent : typeOf(self.n);
      const isKey = inKeys.has(`${type}.${name}`);
      const provided = (self.provided ?? []).flatMap((set) => providedBelow(set, name, type, matches));
      const isProvided = (self.provided ?? []).some((set) => provides(set, name, type, matches));
      if (field.isExternal && !isKey && !isProvided) throw new Error(`${where} is external here.`);
      if (isOverridden(subgraph, parent, name)) throw new Error(`${where} has moved elsewhere.`);
      const [required] = selectionsOf(field.node, 'requires');
      if (required && !self.given) throw new Error(`${where} was asked without what it requires.`);
      const given = required && self.given ? JSON.stringify(projectGiven(self.given, required, where)) : '';
      const value = makeValue(self.n, type, name, field.node.type, seedOf(self.n, name, args, given));
      const sets = [...provided, ...selectionsOf(field.node, 'provides')];
      const mark = (item: unknown): unknown =>
        Array.isArray(item)
          ? item.map(mark)
          : typeof item === 'object' && item !== null
            ? { ...item, provided: sets }
            : item;
      return mark(value);
    };

  const resolveReference = (schema: Schema, name: string) => (given: Json) => {
    for (const key of schema.objects.get(name)?.keys ?? schema.interfaceKeys.get(name) ?? []) {
      const n = decode(given, key);
      if (n !== undefined)
        return { n: n.isTop ? n.value : numberOf(Math.floor(n.value / count), String(given['__typename'])), given };
    }
    throw new Error(`${name} was asked for without a key: ${JSON.stringify(given)}`);
  };

  const resolversFor = (subgraph: string, schema: Schema) => {
    const resolvers: Record<string, Record<string, unknown>> = {};
    for (const [name, type] of schema.objects) {
      const entries: Record<string, unknown> = {};
      for (const field of type.fields.keys()) entries[field] = resolveIn(subgraph, schema, name, field);
      if (type.keys.length > 0) entries['__resolveReference'] = resolveReference(schema, name);
      if (Object.keys(entries).length > 0) resolvers[name] = entries;
    }
    const resolveType = { __resolveType: ({ n }: Thing) => typeOf(n) };
    for (const name of schema.unions.keys()) resolvers[name] = resolveType;
    for (const name of schema.interfaces.keys()) {
      const isEntity = (schema.interfaceKeys.get(name) ?? []).length > 0;
      resolvers[name] = { ...resolveType, ...(isEntity && { __resolveReference: resolveReference(schema, name) }) };
    }
    return resolvers;
  };

  return {
    subgraphs: Object.fromEntries(
      Object.entries(definitions).map(([name, definition]) => {
        const schema = schemas.get(name) as Schema;
        return [name, { ...definition, resolvers: resolversFor(name, schema) }];
      }),
    ),
    fieldResolver: (source, args, _, { parentType, fieldName }) =>
      truth(roots.has(parentType.name) ? -1 : (source as Thing).n, fieldName, args),
    typeResolver: (value) => typeOf((value as Thing).n),
  };
}

function readSchema(document: DocumentNode): Schema {
  const schema: Schema = {
    objects: new Map(),
    interfaces: new Map(),
    interfaceKeys: new Map(),
    unions: new Map(),
    enums: new Map(),
  };
  for (const node of document.definitions) {
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.OBJECT_TYPE_EXTENSION: {
        const directives = node.directives ?? [];
        const known = schema.objects.get(node.name.value);
        const type: ObjectType = known ?? {
          isInterfaceObject: directives.some(({ name }) => name.value === 'interfaceObject'),
          fields: new Map(),
          keys: [],
          interfaces: new Set(),
        };
        const isExternal = directives.some(({ name }) => name.value === 'external');
        for (const field of node.fields ?? []) {
          const own = field.directives?.some(({ name }) => name.value === 'external') ?? false;
          type.fields.set(field.name.value, { node: field, isExternal: isExternal || own });
        }
        type.keys.push(...selectionsOf(node, 'key'));
        for (const { name } of node.interfaces ?? []) type.interfaces.add(name.value);
        schema.objects.set(node.name.value, type);
        break;
      }
      case Kind.INTERFACE_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_EXTENSION: {
        const fields = schema.interfaces.get(node.name.value) ?? new Map();
        for (const field of node.fields ?? []) fields.set(field.name.value, field);
        schema.interfaces.set(node.name.value, fields);
        const keys: readonly SelectionSetNode[] = schema.interfaceKeys.get(node.name.value) ?? [];
        schema.interfaceKeys.set(node.name.value, [...keys, ...selectionsOf(node, 'key')]);
        break;
      }
      case Kind.UNION_TYPE_DEFINITION:
      case Kind.UNION_TYPE_EXTENSION: {
        const members = schema.unions.get(node.name.value) ?? new Set();
        for (const { name } of node.types ?? []) members.add(name.value);
        schema.unions.set(node.name.value, members);
        break;
      }
      case Kind.ENUM_TYPE_DEFINITION:
        schema.enums.set(node.name.value, new Set((node.values ?? []).map(({ name }) => name.value)));
    }
  }
  return schema;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> 13)) >>> 0;
}

const namedOf = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedOf(type.type));

function textArgument(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

/** The field sets of all directives of that name. */
function selectionsOf(
  node: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  directive: string,
): SelectionSetNode[] {
  return (node.directives ?? []).flatMap((found) => {
    const fields = found.name.value === directive ? textArgument(found, 'fields') : undefined;
    if (fields === undefined) return [];
    const [operation] = parse(`{ ${fields} }`).definitions;
    return operation?.kind === Kind.OPERATION_DEFINITION ? [operation.selectionSet] : [];
  });
}

type Matches = (condition: string, type: string) => boolean;

const provides = (set: SelectionSetNode, name: string, type: string, matches: Matches): boolean =>
  set.selections.some((node) =>
    node.kind === Kind.FIELD
      ? node.name.value === name
      : node.kind === Kind.INLINE_FRAGMENT &&
        matches(node.typeCondition?.name.value ?? type, type) &&
        provides(node.selectionSet, name, type, matches),
  );

const providedBelow = (set: SelectionSetNode, name: string, type: string, matches: Matches): SelectionSetNode[] =>
  set.selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return node.name.value === name && node.selectionSet ? [node.selectionSet] : [];
    if (node.kind !== Kind.INLINE_FRAGMENT || !matches(node.typeCondition?.name.value ?? type, type)) return [];
    return providedBelow(node.selectionSet, name, type, matches);
  });

/** The number in the first leaf of a key that is there completely. */
function decode(given: Json, key: SelectionSetNode): { value: number; isTop: boolean } | undefined {
  let found: { value: number; isTop: boolean } | undefined;
  for (const node of key.selections) {
    if (node.kind !== Kind.FIELD) continue;
    const value = given[node.name.value];
    if (value === undefined) return undefined;
    if (node.selectionSet) {
      const first = Array.isArray(value) ? value[0] : value;
      const below = first && decode(first as Json, node.selectionSet);
      if (!below) return undefined;
      found ??= { value: below.value, isTop: false };
    } else if (typeof value !== 'boolean' && Number.isInteger(Number(value))) {
      if (!found?.isTop) found = { value: Number(value), isTop: true };
    }
  }
  return found;
}
