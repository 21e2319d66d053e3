import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type TypeNode,
} from 'graphql';

/** What each subgraph knows of the types of the supergraph: whatever plans are checked against. */
export interface SubgraphTypes {
  /** The object types that a value of the named type can have, where the subgraph called `service` gives it. */
  possibleIn(service: string, typeName: string): ReadonlySet<string>;
  /** The named type of a field, hidden ones included. */
  fieldType(typeName: string, fieldName: string): string | undefined;
  /**
   * How the subgraph called `service` wraps the field's type in lists and non-nulls: two fields under one response key
   * must not differ in that (specification 5.3.2). Composite types are all alike.
   */
  fieldShape(service: string, typeName: string, fieldName: string): string | undefined;
  /** Whether the subgraph called `service` only refers to the field (@external), and neither has it in a key nor provides it. */
  isForeign(service: string, typeName: string, fieldName: string): boolean;
  /** Whether the subgraph called `service` resolves the field from others' (@requires), so only for a representation. */
  needsRepresentation(service: string, typeName: string, fieldName: string): boolean;
  /** Fields without arguments and selections, of a key by which the subgraph called `service` finds objects of the type. */
  plainKey(service: string, typeName: string): readonly string[] | undefined;
  /** Whether the subgraph called `service` answers the field of every object that it finds, from nothing but its key. */
  isOwn(service: string, typeName: string, fieldName: string): boolean;
  /** Whether the field requires, itself or through what it requires, a field with arguments. */
  requiresArguments(typeName: string, fieldName: string): boolean;
}

/** Reads join directives (https://specs.apollo.dev/join). */
export function readSubgraphTypes(supergraph: DocumentNode): SubgraphTypes {
  const graphs = readGraphs(supergraph);
  const fields = new Map<string, ReadonlyMap<string, FieldDefinitionNode>>();
  /** By `GRAPH/Type`. */
  const possible = new Map<string, Set<string>>();
  const anywhere = new Map<string, Set<string>>();
  const objects = new Set<string>();
  const unions = new Set<string>();
  const foreign = new Set<string>();
  const keys = new Map<string, readonly string[]>();
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
        noteForeign(node, foreign, provided);
        noteKeys(node, keys);
        for (const directive of named(node.directives, 'join__implements')) {
          add(textOf(directive, 'graph'), textOf(directive, 'interface'), node.name.value);
        }
        fields.set(node.name.value, new Map((node.fields ?? []).map((field) => [field.name.value, field])));
        break;
      case Kind.INTERFACE_TYPE_DEFINITION:
        for (const directive of named(node.directives, 'join__type')) {
          if (textOf(directive, 'isInterfaceObject') !== 'true') continue;
          interfaceObjects.push(`${textOf(directive, 'graph')}/${node.name.value}`);
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
  const themselves = new Map([...objects].map((name) => [name, new Set([name])]));
  const none: ReadonlySet<string> = new Set();
  return {
    requiresArguments: createRequirementCheck(fields, anywhere),
    possibleIn: (service, typeName) =>
      themselves.get(typeName) ?? known.get(`${graphs.get(service)}/${typeName}`) ?? none,
    plainKey: (service, typeName) => keys.get(`${graphs.get(service)}/${typeName}`),
    isOwn: remember((service, typeName, fieldName) => {
      const field = fields.get(typeName)?.get(fieldName);
      const joined = named(field?.directives, 'join__field');
      if (joined.length === 0) return field !== undefined;
      const graph = graphs.get(service);
      const own = joined.find((directive) => textOf(directive, 'graph') === graph);
      return own !== undefined && conditional.every((name) => ['', 'false'].includes(textOf(own, name)));
    }),
    isForeign: remember((service, typeName, fieldName) => {
      const graph = graphs.get(service);
      return (
        graph !== undefined &&
        foreign.has(`${graph}/${typeName}.${fieldName}`) &&
        !mentions(provided.get(graph), fieldName)
      );
    }),
    needsRepresentation: remember((service, typeName, fieldName) => {
      const graph = graphs.get(service);
      return named(fields.get(typeName)?.get(fieldName)?.directives, 'join__field').some(
        (directive) => textOf(directive, 'graph') === graph && textOf(directive, 'requires') !== '',
      );
    }),
    fieldShape: remember((service, typeName, fieldName) => {
      const field = fields.get(typeName)?.get(fieldName);
      const graph = graphs.get(service);
      const own = named(field?.directives, 'join__field').find((directive) => textOf(directive, 'graph') === graph);
      const text = (own && textOf(own, 'type')) || (field && print(field.type));
      return text?.replace(/\w+/, (name) => (fields.has(name) || unions.has(name) ? 'composite' : name));
    }),
    fieldType: (typeName, fieldName) => {
      const type = fields.get(typeName)?.get(fieldName)?.type;
      return type && namedType(type);
    },
  };
}

/** Answers for one field of one subgraph, made once: plans ask them again and again. */
function remember<T>(
  make: (service: string, typeName: string, fieldName: string) => T,
): (service: string, typeName: string, fieldName: string) => T {
  const known = new Map<string, T>();
  return (service, typeName, fieldName) => {
    const key = `${service}/${typeName}.${fieldName}`;
    const found = known.get(key);
    if (found !== undefined || known.has(key)) return found as T;
    const made = make(service, typeName, fieldName);
    known.set(key, made);
    return made;
  };
}

/** What makes it depend on more than the object's key whether a subgraph answers a field. */
const conditional = ['external', 'requires', 'usedOverridden', 'overrideLabel'];

/** Notes the first key of each subgraph that can be asked for as it stands, as `GRAPH/Type`. */
function noteKeys(node: ObjectTypeDefinitionNode, keys: Map<string, readonly string[]>): void {
  for (const directive of named(node.directives, 'join__type')) {
    const place = `${textOf(directive, 'graph')}/${node.name.value}`;
    const key = textOf(directive, 'key').trim();
    const isPlain = /^\w+(?:[\s,]+\w+)*$/.test(key) && textOf(directive, 'resolvable') !== 'false';
    if (isPlain && !keys.has(place)) keys.set(place, key.split(/[\s,]+/));
  }
}

/** Notes the external fields as `GRAPH/Type.field`, without those of keys, and by graph whatever is provided. */
function noteForeign(node: ObjectTypeDefinitionNode, foreign: Set<string>, provided: Map<string, string>): void {
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

function parseSelections(fieldSet: string): readonly SelectionNode[] {
  const [operation] = parse(`{${fieldSet}}`, { noLocation: true }).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
}

/** `join__Graph` values by the names of their subgraphs. */
function readGraphs(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const graphs = supergraph.definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  if (graphs?.kind !== Kind.ENUM_TYPE_DEFINITION) return new Map();
  return new Map(
    (graphs.values ?? []).flatMap(({ name, directives }) =>
      named(directives, 'join__graph').map((directive) => [textOf(directive, 'name'), name.value] as const),
    ),
  );
}

const named = (directives: readonly ConstDirectiveNode[] | undefined, name: string) =>
  (directives ?? []).filter((directive) => directive.name.value === name);

function textOf(directive: ConstDirectiveNode, name: string): string {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value && 'value' in value ? String(value.value) : '';
}

const namedType = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type));
