import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type TypeNode,
} from 'graphql';
import { readJoinGraphs } from './join-graphs.ts';

/** What each subgraph knows of the types of the supergraph: whatever plans are checked against. */
export interface SubgraphTypes {
  /** The object types that a value of the named type can have, where the subgraph called `service` gives it. */
  possibleIn(service: string, typeName: string): ReadonlySet<string>;
  /** The named type of a field, hidden ones included, as the subgraph called `service` declares it. */
  fieldType(service: string, typeName: string, fieldName: string): string | undefined;
  /**
   * How the subgraph called `service` wraps the field's type in lists and non-nulls: two fields under one response key
   * must not differ in that (specification 5.3.2). Composite types are all alike.
   */
  fieldShape(service: string, typeName: string, fieldName: string): string | undefined;
  /** Whether the subgraph called `service` only refers to the field (@external), and neither has it in a key nor provides it. */
  isForeign(service: string, typeName: string, fieldName: string): boolean;
  /** Whether the subgraph called `service` resolves the field from others' (@requires), so only for a representation. */
  needsRepresentation(service: string, typeName: string, fieldName: string): boolean;
  /** Fields without selections, never null, of a key by which the subgraph called `service` finds objects of the type. */
  plainKey(service: string, typeName: string): readonly string[] | undefined;
  /** Whether the subgraph called `service` answers the field of every object that it knows, from nothing but its key. */
  isOwn(service: string, typeName: string, fieldName: string): boolean;
  /** What the subgraph called `service` wants in a representation to resolve the field; empty where it wants a key only. */
  requirementOf(service: string, typeName: string, fieldName: string): readonly SelectionNode[];
  /** The keys by which the subgraph called `service` knows objects of the type, those of its interfaces included. */
  keysOf(service: string, typeName: string): readonly (readonly SelectionNode[])[];
  /** Whether the field requires, itself or through what it requires, a field with arguments. */
  requiresArguments(typeName: string, fieldName: string): boolean;
  /** Whether a field of that name is part of some key or @requires, of whatever type. */
  isNeeded(fieldName: string): boolean;
}

/** Reads join directives (https://specs.apollo.dev/join). */
export function readSubgraphTypes(supergraph: DocumentNode): SubgraphTypes {
  const graphs = new Map(readJoinGraphs(supergraph).map(({ value, name }) => [name, value]));
  const fields = new Map<string, ReadonlyMap<string, FieldDefinitionNode>>();
  /** By `GRAPH/Type`. */
  const possible = new Map<string, Set<string>>();
  const anywhere = new Map<string, Set<string>>();
  const objects = new Set<string>();
  const unions = new Set<string>();
  const foreign = new Set<string>();
  /** By `GRAPH/Type`: the keys by which the subgraph finds objects, as text; none without such a key. */
  const keys = new Map<string, readonly string[]>();
  const interfacesOf = new Map<string, readonly string[]>();
  const noteKeys = (node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode) => {
    interfacesOf.set(
      node.name.value,
      (node.interfaces ?? []).map(({ name }) => name.value),
    );
    for (const directive of named(node.directives, 'join__type')) {
      const place = `${textOf(directive, 'graph')}/${node.name.value}`;
      const key = textOf(directive, 'resolvable') === 'false' ? '' : textOf(directive, 'key').trim();
      keys.set(place, [...(keys.get(place) ?? []), ...(key === '' ? [] : [key])]);
    }
  };
  const provided = new Map<string, string>();
  const add = (graph: string, type: string, object: string) => {
    possible.set(`${graph}/${type}`, (possible.get(`${graph}/${type}`) ?? new Set()).add(object));
    anywhere.set(type, (anywhere.get(type) ?? new Set()).add(object));
  };
  const interfaceObjects: string[] = [];
  for (const node of supergraph.definitions) {
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
        objects.add(node.name.value);
        noteKeys(node);
        noteForeign(node, foreign, provided);
        for (const directive of named(node.directives, 'join__implements')) {
          add(textOf(directive, 'graph'), textOf(directive, 'interface'), node.name.value);
        }
        fields.set(node.name.value, new Map((node.fields ?? []).map((field) => [field.name.value, field])));
        break;
      case Kind.INTERFACE_TYPE_DEFINITION:
        noteKeys(node);
        for (const directive of named(node.directives, 'join__type')) {
          if (textOf(directive, 'isInterfaceObject') !== 'true') continue;
          interfaceObjects.push(`${textOf(directive, 'graph')}/${node.name.value}`);
          noteForeign(node, foreign, provided);
        }
        fields.set(node.name.value, new Map((node.fields ?? []).map((field) => [field.name.value, field])));
        break;
      case Kind.UNION_TYPE_DEFINITION:
        unions.add(node.name.value);
        for (const directive of named(node.directives, 'join__unionMember')) {
          add(textOf(directive, 'graph'), node.name.value, textOf(directive, 'member'));
        }
    }
  }
  const known = new Map<string, ReadonlySet<string>>(possible);
  // Behind an interface object stands an object of any type that implements the interface somewhere.
  for (const key of interfaceObjects) known.set(key, anywhere.get(key.slice(key.indexOf('/') + 1)) ?? new Set());
  /** The names under which a subgraph knows the fields of a type: those of interface objects are theirs. */
  const namesIn = (graph: string | undefined, typeName: string): readonly string[] => [
    typeName,
    ...(interfacesOf.get(typeName) ?? []).filter((name) => interfaceObjects.includes(`${graph}/${name}`)),
  ];
  const joinOf = (service: string, typeName: string, fieldName: string): ConstDirectiveNode | undefined => {
    const graph = graphs.get(service);
    return namesIn(graph, typeName)
      .flatMap((name) => named(fields.get(name)?.get(fieldName)?.directives, 'join__field'))
      .find((directive) => textOf(directive, 'graph') === graph);
  };
  const fieldShape = remember((service, typeName, fieldName) => {
    const field = fields.get(typeName)?.get(fieldName);
    const graph = graphs.get(service);
    const own = named(field?.directives, 'join__field').find((directive) => textOf(directive, 'graph') === graph);
    const text = (own && textOf(own, 'type')) || (field && print(field.type));
    return text?.replace(/\w+/, (name) => (fields.has(name) || unions.has(name) ? 'composite' : name));
  });
  const themselves = new Map([...objects].map((name) => [name, new Set([name])]));
  const none: ReadonlySet<string> = new Set();
  return {
    requiresArguments: createRequirementCheck(fields, anywhere),
    isNeeded: createNeedCheck(supergraph),
    possibleIn: (service, typeName) =>
      themselves.get(typeName) ?? known.get(`${graphs.get(service)}/${typeName}`) ?? none,
    plainKey: (service, typeName) =>
      keys
        .get(`${graphs.get(service)}/${typeName}`)
        ?.filter((key) => /^\w+(?:[\s,]+\w+)*$/.test(key))
        .map((key) => key.split(/[\s,]+/))
        .find((names) => names.every((name) => fieldShape(service, typeName, name)?.endsWith('!'))),
    isOwn: remember((service, typeName, fieldName) => {
      const graph = graphs.get(service);
      const field = fields.get(typeName)?.get(fieldName);
      if (!field || !keys.has(`${graph}/${typeName}`)) return false;
      const joined = named(field.directives, 'join__field');
      if (joined.length === 0) return true;
      const own = joined.find((directive) => textOf(directive, 'graph') === graph);
      return own !== undefined && conditional.every((name) => ['', 'false'].includes(textOf(own, name)));
    }),
    isForeign: remember((service, typeName, fieldName) => {
      const graph = graphs.get(service);
      return (
        graph !== undefined &&
        namesIn(graph, typeName).some((name) => foreign.has(`${graph}/${name}.${fieldName}`)) &&
        !mentions(provided.get(graph), fieldName)
      );
    }),
    requirementOf: remember((service, typeName, fieldName) => {
      const own = joinOf(service, typeName, fieldName);
      const text = own ? textOf(own, 'requires') : '';
      return text === '' ? [] : parseSelections(text);
    }),
    keysOf: remember((service, typeName) => {
      const graph = graphs.get(service);
      const names = [typeName, ...(interfacesOf.get(typeName) ?? [])];
      return names.flatMap((name) => (keys.get(`${graph}/${name}`) ?? []).map(parseSelections));
    }),
    needsRepresentation: remember((service, typeName, fieldName) => {
      const own = joinOf(service, typeName, fieldName);
      return own !== undefined && textOf(own, 'requires') !== '';
    }),
    fieldShape,
    fieldType: remember((service, typeName, fieldName) => {
      const own = joinOf(service, typeName, fieldName);
      const told = own ? textOf(own, 'type').replace(/[[\]!]/g, '') : '';
      if (told !== '') return told;
      const type = fields.get(typeName)?.get(fieldName)?.type;
      return type && namedType(type);
    }),
  };
}

/** Answers for one field of one subgraph, made once: plans ask them again and again. */
function remember<T>(
  make: (service: string, typeName: string, fieldName: string) => T,
): (service: string, typeName: string, fieldName?: string) => T {
  // Names that are looked up as they are: to make one of the three took longer than everything else here.
  const known = new Map<string, Map<string, Map<string, T>>>();
  return (service, typeName, fieldName = '') => {
    const types = mapIn(known, service);
    const fields = mapIn(types, typeName);
    const found = fields.get(fieldName);
    if (found !== undefined || fields.has(fieldName)) return found as T;
    const made = make(service, typeName, fieldName);
    fields.set(fieldName, made);
    return made;
  };
}

function mapIn<T>(maps: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let map = maps.get(key);
  if (!map) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

/** What makes it depend on more than the object's key whether a subgraph answers a field. */
const conditional = ['external', 'requires', 'usedOverridden', 'overrideLabel'];

/** Notes the external fields as `GRAPH/Type.field`, without those of keys, and by graph whatever is provided. */
function noteForeign(
  node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
  foreign: Set<string>,
  provided: Map<string, string>,
): void {
  for (const field of node.fields ?? []) {
    for (const directive of named(field.directives, 'join__field')) {
      const graph = textOf(directive, 'graph');
      const provides = textOf(directive, 'provides');
      if (provides !== '') provided.set(graph, `${provided.get(graph) ?? ''} ${provides}`);
      if (textOf(directive, 'external') !== 'true') continue;
      const keys = named(node.directives, 'join__type').flatMap((type) =>
        textOf(type, 'graph') === graph ? textOf(type, 'key') : [],
      );
      if (!mentions(keys.join(' '), field.name.value)) foreign.add(`${graph}/${node.name.value}.${field.name.value}`);
    }
  }
}

const mentions = (fieldSet = '', name: string) => fieldSet.split(/\W+/).includes(name);

type Fields = ReadonlyMap<string, ReadonlyMap<string, FieldDefinitionNode>>;

function createRequirementCheck(
  fields: Fields,
  implementations: ReadonlyMap<string, ReadonlySet<string>>,
): SubgraphTypes['requiresArguments'] {
  const known = new Map<string, boolean>();
  const check = (typeName: string, fieldName: string): boolean => {
    const key = `${typeName}.${fieldName}`;
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    known.set(key, false);
    const field = fields.get(typeName)?.get(fieldName);
    const sets = named(field?.directives, 'join__field').map((directive) => textOf(directive, 'requires'));
    const own = sets.some((set) => set !== '' && hasArguments(typeName, parseSelections(set)));
    const below = () => [...(implementations.get(typeName) ?? [])].some((name) => check(name, fieldName));
    const found = own || below();
    known.set(key, found);
    return found;
  };
  const hasArguments = (typeName: string, selections: readonly SelectionNode[]): boolean =>
    selections.some((node) => {
      if (node.kind === Kind.FRAGMENT_SPREAD) return false;
      const below = node.selectionSet?.selections ?? [];
      if (node.kind === Kind.INLINE_FRAGMENT) return hasArguments(node.typeCondition?.name.value ?? typeName, below);
      if (node.arguments?.length || check(typeName, node.name.value)) return true;
      const type = fields.get(typeName)?.get(node.name.value)?.type;
      return type !== undefined && hasArguments(namedType(type), below);
    });
  return check;
}

/** Reads the field sets when the first one asks. */
function createNeedCheck(supergraph: DocumentNode): SubgraphTypes['isNeeded'] {
  let needed: ReadonlySet<string> | undefined;
  const read = () => {
    const sets = supergraph.definitions.flatMap((node) => {
      if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) return [];
      const joined = (node.fields ?? []).flatMap(({ directives }) => named(directives, 'join__field'));
      const keys = named(node.directives, 'join__type').map((directive) => textOf(directive, 'key'));
      return [...keys, ...joined.map((directive) => textOf(directive, 'requires'))];
    });
    return new Set(sets.flatMap((set) => set.split(/\W+/)));
  };
  return (name) => {
    needed ??= read();
    return needed.has(name);
  };
}

function parseSelections(fieldSet: string): readonly SelectionNode[] {
  const [operation] = parse(`{${fieldSet}}`, { noLocation: true }).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
}

const named = (directives: readonly ConstDirectiveNode[] | undefined, name: string) =>
  (directives ?? []).filter((directive) => directive.name.value === name);

/** One argument alone: each directive is asked for several, at different moments. */
function textOf(directive: ConstDirectiveNode, name: string): string {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value && 'value' in value ? String(value.value) : '';
}

const namedType = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type));
