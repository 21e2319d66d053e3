import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';

/** Levels of one operation. */
const maxDepth = 7;
/** Fields of one operation. */
const maxFields = 80;
/** Selected of one object: fields that have fields, and fields that have none. */
const branches = 2;
const leaves = 4;

/**
 * Queries as clients write them, over whatever the schema offers: nested, with fragments, variables and conditions on
 * types. Each begins at other fields than the one before and goes other ways, and they never end.
 */
export function* sampleOperations(schema: GraphQLSchema): Generator<string> {
  const root = schema.getQueryType();
  for (let index = 0; root; index += 1) yield new Sample(schema, index).write(root);
}

class Sample {
  readonly #schema: GraphQLSchema;
  readonly #index: number;
  readonly #variables: string[] = [];
  readonly #fragments = new Map<string, string>();
  #fields = 0;

  constructor(schema: GraphQLSchema, index: number) {
    this.#schema = schema;
    this.#index = index;
  }

  write(root: GraphQLNamedType): string {
    const selection = this.#select(root, 1);
    const variables = this.#variables.length > 0 ? `(${this.#variables.join(', ')})` : '';
    return [`query Sample${this.#index}${variables} ${selection}`, ...this.#fragments.values()].join('\n\n');
  }

  #select(type: GraphQLNamedType, depth: number): string {
    if (isAbstractType(type)) return this.#selectMembers(type.name, depth);
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    const nested = fields.filter((field) => isCompositeType(getNamedType(field.type)));
    const below = depth < maxDepth ? this.#some(nested, branches).map((field) => this.#selectField(field, depth)) : [];
    return `{ ${['__typename', this.#leavesOf(type), ...below].join(' ')} }`;
  }

  #selectField(field: GraphQLField<unknown, unknown>, depth: number): string {
    this.#fields += 1;
    if (this.#fields > maxFields) return '';
    return `${field.name}${this.#arguments(field)} ${this.#select(getNamedType(field.type), depth + 1)}`;
  }

  /** Types of an interface may have different fields under one name, so each is answered under a name of its own. */
  #selectMembers(name: string, depth: number): string {
    const type = this.#schema.getType(name);
    const members = isAbstractType(type) ? this.#some(this.#schema.getPossibleTypes(type), branches) : [];
    const parts = members.map((member, position) => {
      const fields = this.#some(Object.values(member.getFields()), leaves).filter((field) => this.#isPlain(field));
      this.#fields += fields.length;
      return `... on ${member.name} { __typename ${fields.map((field) => `m${depth}${position}_${field.name}: ${field.name}`).join(' ')} }`;
    });
    const common = isInterfaceType(type)
      ? Object.values(type.getFields()).find((field) => this.#isPlain(field))
      : undefined;
    return `{ __typename ${common?.name ?? ''} ${parts.join(' ')} }`;
  }

  #isPlain(field: GraphQLField<unknown, unknown>): boolean {
    return !isCompositeType(getNamedType(field.type)) && !field.args.some(isRequiredArgument);
  }

  /** As a fragment of the type in every other operation. */
  #leavesOf(type: GraphQLNamedType): string {
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    const plain = this.#some(
      fields.filter((field) => this.#isPlain(field)),
      leaves,
    ).map(({ name }) => name);
    this.#fields += plain.length;
    if (plain.length === 0 || this.#index % 2 === 0) return plain.join(' ');
    this.#fragments.set(type.name, `fragment ${type.name} on ${type.name} { ${plain.join(' ')} }`);
    return `...${type.name}`;
  }

  #arguments({ args }: GraphQLField<unknown, unknown>): string {
    const given = args.filter((argument, position) => isRequiredArgument(argument) || position === this.#index % 3);
    if (given.length === 0) return '';
    const texts = given.map(({ name, type }) => {
      const variable = `$v${this.#variables.length}`;
      this.#variables.push(`${variable}: ${type}`);
      return `${name}: ${variable}`;
    });
    return `(${texts.join(', ')})`;
  }

  #some<T>(all: readonly T[], count: number): readonly T[] {
    const start = all.length > 0 ? (this.#index * count) % all.length : 0;
    return [...all.slice(start), ...all.slice(0, start)].slice(0, count);
  }
}
