import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type UnionTypeDefinitionNode,
} from 'graphql';
import { readJoinGraphs } from './join-graphs.ts';

type TypeWithFields = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

/**
 * What the join directives of a supergraph say (https://specs.apollo.dev/join), found by the names that they are asked
 * for by. `GRAPH` is the value of `join__Graph` by which directives name a subgraph.
 */
export class JoinIndex {
  /** `GRAPH` by the names of subgraphs. */
  readonly #graphs: ReadonlyMap<string, string>;
  /** By type, then name: of objects and interfaces. */
  readonly #fields = new Map<string, ReadonlyMap<string, FieldDefinitionNode>>();
  readonly #interfaces = new Map<string, readonly string[]>();
  readonly #objects = new Map<string, ReadonlySet<string>>();
  readonly #unions = new Set<string>();
  /** By `GRAPH/Type`: the object types behind an interface or union there. */
  readonly #members = new Map<string, Set<string>>();
  /** By type: the same in all subgraphs together. */
  readonly #allMembers = new Map<string, Set<string>>();
  /** `GRAPH/Type` of interfaces that a subgraph knows as objects. */
  readonly #interfaceObjects = new Set<string>();
  /** By `GRAPH/Type`: the keys by which the subgraph finds objects, as text; none without such a key. */
  readonly #keys = new Map<string, readonly string[]>();
  /** `GRAPH/Type.field` of external fields, without those of keys. */
  readonly #external = new Set<string>();
  /** The same with those of keys. */
  readonly #referredTo = new Set<string>();

  constructor(supergraph: DocumentNode) {
    this.#graphs = new Map(readJoinGraphs(supergraph).map(({ value, name }) => [name, value]));
    for (const node of supergraph.definitions) {
      if (node.kind === Kind.OBJECT_TYPE_DEFINITION) this.#readObject(node);
      else if (node.kind === Kind.INTERFACE_TYPE_DEFINITION) this.#readInterface(node);
      else if (node.kind === Kind.UNION_TYPE_DEFINITION) this.#readUnion(node);
    }
  }

  get services(): readonly string[] {
    return [...this.#graphs.keys()];
  }

  /** Hidden ones included. */
  field(type: string, name: string): FieldDefinitionNode | undefined {
    return this.#fields.get(type)?.get(name);
  }

  isComposite(type: string): boolean {
    return this.#fields.has(type) || this.#unions.has(type);
  }

  interfacesOf(type: string): readonly string[] {
    return this.#interfaces.get(type) ?? [];
  }

  /** The object types behind a type where the subgraph gives it: itself, those of an interface, members of a union. */
  objectsBehind(service: string, type: string): ReadonlySet<string> {
    const object = this.#objects.get(type);
    if (object) return object;
    const place = this.#placeOf(service, type);
    // Behind an interface object stands an object of any type that implements the interface somewhere.
    return (this.#interfaceObjects.has(place) ? this.#allMembers.get(type) : this.#members.get(place)) ?? none;
  }

  /** The same in all subgraphs together; none of an object itself. */
  allBehind(type: string): ReadonlySet<string> {
    return this.#allMembers.get(type) ?? none;
  }

  /** @returns undefined where the subgraph does not know the type */
  keysOf(service: string, type: string): readonly string[] | undefined {
    return this.#keys.get(this.#placeOf(service, type));
  }

  /** What the field of exactly this type is in the subgraph. */
  ownJoin(service: string, type: string, name: string): ConstDirectiveNode | undefined {
    const graph = this.#graphs.get(service);
    return this.joins(type, name).find((directive) => textOf(directive, 'graph') === graph);
  }

  /** The same, for a type whose field may be that of an interface which the subgraph knows as an object. */
  joinOf(service: string, type: string, name: string): ConstDirectiveNode | undefined {
    for (const known of this.#namesIn(service, type)) {
      const own = this.ownJoin(service, known, name);
      if (own) return own;
    }
    return undefined;
  }

  /** What the field is in each subgraph that says so. */
  joins(type: string, name: string): readonly ConstDirectiveNode[] {
    return named(this.field(type, name)?.directives, 'join__field');
  }

  isExternal(service: string, type: string, name: string): boolean {
    const graph = this.#graphs.get(service);
    return this.#namesIn(service, type).some((known) => this.#external.has(`${graph}/${known}.${name}`));
  }

  /** Whether it says @external there, which has no meaning for a key. */
  isReferredTo(service: string, type: string, name: string): boolean {
    return this.#referredTo.has(`${this.#graphs.get(service)}/${type}.${name}`);
  }

  /** The name under which the subgraph knows objects of the type: an interface that it knows as an object may be it. */
  nameIn(service: string, type: string): string {
    if (this.#keys.has(this.#placeOf(service, type))) return type;
    return this.#namesIn(service, type)[1] ?? type;
  }

  isInterfaceObject(service: string, type: string): boolean {
    return this.#interfaceObjects.has(this.#placeOf(service, type));
  }

  #placeOf(service: string, type: string): string {
    return `${this.#graphs.get(service)}/${type}`;
  }

  /** The names under which a subgraph knows the fields of a type: those of interface objects are theirs. */
  #namesIn(service: string, type: string): readonly string[] {
    const objects = this.interfacesOf(type).filter((name) => this.#interfaceObjects.has(this.#placeOf(service, name)));
    return [type, ...objects];
  }

  #readObject(node: ObjectTypeDefinitionNode): void {
    const { value: type } = node.name;
    this.#objects.set(type, new Set([type]));
    this.#readFields(node);
    this.#readExternal(node);
    for (const directive of named(node.directives, 'join__implements')) {
      this.#addMember(textOf(directive, 'graph'), textOf(directive, 'interface'), type);
    }
  }

  #readInterface(node: InterfaceTypeDefinitionNode): void {
    this.#readFields(node);
    for (const directive of named(node.directives, 'join__type')) {
      if (textOf(directive, 'isInterfaceObject') !== 'true') continue;
      this.#interfaceObjects.add(`${textOf(directive, 'graph')}/${node.name.value}`);
      this.#readExternal(node);
    }
  }

  #readUnion({ name, directives }: UnionTypeDefinitionNode): void {
    this.#unions.add(name.value);
    for (const directive of named(directives, 'join__unionMember')) {
      this.#addMember(textOf(directive, 'graph'), name.value, textOf(directive, 'member'));
    }
  }

  #addMember(graph: string, type: string, object: string): void {
    setIn(this.#members, `${graph}/${type}`).add(object);
    setIn(this.#allMembers, type).add(object);
  }

  #readFields({ name, interfaces = [], fields = [], directives }: TypeWithFields): void {
    const { value: type } = name;
    this.#fields.set(type, new Map(fields.map((field) => [field.name.value, field])));
    this.#interfaces.set(
      type,
      interfaces.map((one) => one.name.value),
    );
    for (const directive of named(directives, 'join__type')) {
      const place = `${textOf(directive, 'graph')}/${type}`;
      const key = textOf(directive, 'resolvable') === 'false' ? '' : textOf(directive, 'key').trim();
      this.#keys.set(place, [...(this.#keys.get(place) ?? []), ...(key === '' ? [] : [key])]);
    }
  }

  #readExternal({ name, fields = [], directives }: TypeWithFields): void {
    for (const field of fields) {
      for (const directive of named(field.directives, 'join__field')) {
        const graph = textOf(directive, 'graph');
        if (textOf(directive, 'external') !== 'true') continue;
        this.#referredTo.add(`${graph}/${name.value}.${field.name.value}`);
        const types = named(directives, 'join__type').filter((type) => textOf(type, 'graph') === graph);
        const keys = types.flatMap((type) => namesIn(textOf(type, 'key')));
        if (!keys.includes(field.name.value)) this.#external.add(`${graph}/${name.value}.${field.name.value}`);
      }
    }
  }
}

const none: ReadonlySet<string> = new Set();

const namesIn = (fieldSet: string): readonly string[] => fieldSet.match(/\w+/g) ?? [];

function setIn(sets: Map<string, Set<string>>, key: string): Set<string> {
  let set = sets.get(key);
  if (!set) {
    set = new Set();
    sets.set(key, set);
  }
  return set;
}

export const named = (directives: readonly ConstDirectiveNode[] | undefined, name: string) =>
  (directives ?? []).filter((directive) => directive.name.value === name);

/** One argument alone, as text; empty where it is not given. Each directive is asked for several, at different moments. */
export function textOf(directive: ConstDirectiveNode, name: string): string {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value && 'value' in value ? String(value.value) : '';
}
