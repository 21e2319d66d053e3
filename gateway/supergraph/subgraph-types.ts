import { type DocumentNode, Kind, parse, print, type SelectionNode, type TypeNode } from 'graphql';
import { JoinIndex, named, textOf } from './join-index.ts';
import { readFeatures } from './linked-features.ts';

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
  /** Whether the subgraph called `service` only refers to the field (@external), and has it in no key. */
  isExternal(service: string, typeName: string, fieldName: string): boolean;
  /** Whether the subgraph says @external there, be it of a key, where that has no meaning. */
  isReferredTo(service: string, typeName: string, fieldName: string): boolean;
  /** What the subgraph called `service` also gives of the field's objects (@provides), external there or not. */
  providedBy(service: string, typeName: string, fieldName: string): readonly SelectionNode[];
  /** Fields without selections, never null, of a key by which the subgraph called `service` finds objects of the type. */
  plainKey(service: string, typeName: string): readonly string[] | undefined;
  /** Whether the subgraph called `service` answers the field of every object that it knows, from nothing but its key. */
  isOwn(service: string, typeName: string, fieldName: string): boolean;
  /** Who answers the field of objects of the type, whether or not they want more than a key for it. */
  answersOf(typeName: string, fieldName: string): readonly FieldAnswer[];
  /** The subgraphs that find objects of the type by some key. */
  servicesOf(typeName: string): readonly string[];
  /** Whether the subgraph called `service` knows the interface as an object (@interfaceObject). */
  isInterfaceObject(service: string, typeName: string): boolean;
  /** The subgraphs that tell of an object of the interface, found by a key, which type it has. */
  tellersOf(interfaceName: string): readonly string[];
  /** The subgraphs that answer the field for a representation: first those that want nothing but a key in it. */
  ownersOf(typeName: string, fieldName: string): readonly string[];
  /** What the subgraph called `service` wants in a representation to resolve the field; empty where it wants a key only. */
  requirementOf(service: string, typeName: string, fieldName: string): readonly SelectionNode[];
  /** The name under which the subgraph called `service` knows objects of the type: its own, or that of an interface object. */
  nameIn(service: string, typeName: string): string;
  /** The keys by which the subgraph called `service` knows objects of the type, those of its interfaces included. */
  keysOf(service: string, typeName: string): readonly (readonly SelectionNode[])[];
  /** Whether the field requires, itself or through what it requires, a field with arguments. */
  requiresArguments(typeName: string, fieldName: string): boolean;
  /** Whether any argument of the supergraph has its value from an object above (@fromContext). */
  readonly hasContext: boolean;
  /** Whether an argument of the field has its value from above, or that of a field which it requires may. */
  isContextual(typeName: string, fieldName: string): boolean;
  /** Whether a field of that name is part of some key or @requires, of whatever type. */
  isNeeded(fieldName: string): boolean;
}

/** A subgraph that answers a field. */
export interface FieldAnswer {
  readonly service: string;
  /** Of a progressive @override; none where it always answers. */
  readonly label: string | undefined;
  /** With a label: whether it answers where the field has moved, or where it has not. */
  readonly isNew: boolean;
}

/** What plans are checked against, each question asked of the join directives once. */
export function readSubgraphTypes(supergraph: DocumentNode): SubgraphTypes {
  const index = new JoinIndex(supergraph);
  const joinTextOf =
    (argument: 'requires' | 'provides') =>
    (service: string, typeName: string, fieldName: string): string => {
      const own = index.joinOf(service, typeName, fieldName);
      return own ? textOf(own, argument) : '';
    };
  const requirementIn = joinTextOf('requires');
  const provisionIn = joinTextOf('provides');
  const fieldShape = remember((service, typeName, fieldName) => {
    const field = index.field(typeName, fieldName);
    const own = index.ownJoin(service, typeName, fieldName);
    const text = (own && textOf(own, 'type')) || (field && print(field.type));
    return text?.replace(/\w+/, (name) => (index.isComposite(name) ? 'composite' : name));
  });
  const isOwn = remember((service, typeName, fieldName) => {
    if (!index.field(typeName, fieldName) || !index.keysOf(service, typeName)) return false;
    if (index.joins(typeName, fieldName).length === 0) return true;
    const own = index.ownJoin(service, typeName, fieldName);
    return own !== undefined && conditional.every((name) => ['', 'false'].includes(textOf(own, name)));
  });
  const answerIn = (service: string, typeName: string, fieldName: string): readonly FieldAnswer[] => {
    const known = index.nameIn(service, typeName);
    if (!index.field(known, fieldName) || !index.keysOf(service, known)) return [];
    if (index.joins(known, fieldName).length === 0) return [{ service, label: undefined, isNew: false }];
    const own = index.ownJoin(service, known, fieldName);
    // Fields of keys are given by whoever has the key, external or not.
    if (!own || (textOf(own, 'external') === 'true' && index.isExternal(service, known, fieldName))) return [];
    const label = textOf(own, 'overrideLabel');
    if (label === '')
      return textOf(own, 'usedOverridden') === 'true' ? [] : [{ service, label: undefined, isNew: false }];
    return [{ service, label, isNew: textOf(own, 'override') !== '' }];
  };
  const answers = remember((typeName, fieldName) =>
    index.services.flatMap((service) => answerIn(service, typeName, fieldName)),
  );
  const keysOf = remember((service, typeName) => {
    const names = [typeName, ...index.interfacesOf(typeName)];
    return names.flatMap((name) => (index.keysOf(service, name) ?? []).map(parseSelections));
  });
  const found = remember((typeName) => index.services.filter((service) => keysOf(service, typeName).length > 0));
  return {
    answersOf: (typeName, fieldName) => answers(typeName, fieldName),
    servicesOf: (typeName) => found(typeName, ''),
    isInterfaceObject: (service, typeName) => index.isInterfaceObject(service, typeName),
    tellersOf: (typeName) =>
      index.services.filter(
        (service) => !index.isInterfaceObject(service, typeName) && (index.keysOf(service, typeName) ?? []).length > 0,
      ),
    ownersOf(typeName, fieldName) {
      const own = index.services.filter((service) => isOwn(service, typeName, fieldName));
      return [...own, ...index.services.filter((service) => requirementIn(service, typeName, fieldName) !== '')];
    },
    hasContext: readFeatures(supergraph).some(({ name }) => name === 'context'),
    isContextual: (typeName, fieldName) =>
      [typeName, ...index.interfacesOf(typeName), ...index.allBehind(typeName)].some((type) =>
        index
          .joins(type, fieldName)
          .some(({ arguments: given }) => given?.some(({ name }) => contextual.has(name.value))),
      ),
    requiresArguments: createRequirementCheck(index),
    isNeeded: createNeedCheck(supergraph),
    possibleIn: (service, typeName) => index.objectsBehind(service, typeName),
    plainKey: (service, typeName) =>
      index
        .keysOf(service, typeName)
        ?.filter((key) => /^\w+(?:[\s,]+\w+)*$/.test(key))
        .map((key) => key.split(/[\s,]+/))
        .find((names) => names.every((name) => fieldShape(service, typeName, name)?.endsWith('!'))),
    isOwn,
    isExternal: remember((service, typeName, fieldName) => index.isExternal(service, typeName, fieldName)),
    isReferredTo: (service, typeName, fieldName) => index.isReferredTo(service, typeName, fieldName),
    providedBy: remember((service, typeName, fieldName) => parseSelections(provisionIn(service, typeName, fieldName))),
    requirementOf: remember((service, typeName, fieldName) =>
      parseSelections(requirementIn(service, typeName, fieldName)),
    ),
    nameIn: (service, typeName) => index.nameIn(service, typeName),
    keysOf,
    fieldShape,
    fieldType: remember((service, typeName, fieldName) => {
      const own = index.joinOf(service, typeName, fieldName);
      const told = own ? textOf(own, 'type').replace(/[[\]!]/g, '') : '';
      if (told !== '') return told;
      const type = index.field(typeName, fieldName)?.type;
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

const contextual: ReadonlySet<string> = new Set(['contextArguments', 'requires']);

function createRequirementCheck(index: JoinIndex): SubgraphTypes['requiresArguments'] {
  const known = new Map<string, boolean>();
  const check = (typeName: string, fieldName: string): boolean => {
    const key = `${typeName}.${fieldName}`;
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    known.set(key, false);
    const sets = index.joins(typeName, fieldName).map((directive) => textOf(directive, 'requires'));
    const own = sets.some((set) => set !== '' && hasArguments(typeName, parseSelections(set)));
    const below = () => [...index.allBehind(typeName)].some((name) => check(name, fieldName));
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
      const type = index.field(typeName, node.name.value)?.type;
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
  if (fieldSet === '') return [];
  const [operation] = parse(`{${fieldSet}}`, { noLocation: true }).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
}

export const namedType = (type: TypeNode): string =>
  type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
