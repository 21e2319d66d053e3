import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedInputType,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
} from 'graphql';
import type { Variables } from '../execution/compiled-operation.ts';
import type { ListSizeRule } from '../supergraph/cost-rules.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { type CostTerm, mostOf, productOf, sumOf, termWhere } from './cost-term.ts';
import { compileListSize, type ListSize } from './list-size.ts';

/** What an operation is going to cost, before anything is planned or asked. */
export interface OperationCost {
  readonly total: CostTerm;
  /** The lists whose length the schema wants to be said. */
  readonly lists: readonly ListSize[];
}

export interface CostedOperation {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly rootType: GraphQLObjectType;
}

/** A mutation changes something, whatever it answers. */
const costOfMutation = 10;

/**
 * Each object costs 1, values nothing, a mutation 10 and a given input object 1, unless the schema weighs them with
 * `@cost`; a list costs its items, as many as `@listSize` says. Of the types that an object may have the costliest
 * counts, and what is selected several times counts once.
 */
export class CostEstimator {
  readonly #schema: GraphQLSchema;
  readonly #rules: Supergraph['costRules'];
  readonly #listSize: number;
  /** By schema coordinate. */
  readonly #fields = new Map<string, FieldRules>();

  /** @param listSize of lists about which the schema says nothing */
  constructor({ schema, costRules }: Pick<Supergraph, 'schema' | 'costRules'>, listSize: number) {
    this.#schema = schema;
    this.#rules = costRules;
    this.#listSize = listSize;
  }

  /** The operation is valid. */
  estimate({ operation, fragments, rootType }: CostedOperation): OperationCost {
    const lists: ListSize[] = [];
    const scope: Scope = { fragments, lists };
    const base = operation.operation === 'mutation' ? costOfMutation : 0;
    const places = [{ set: operation.selectionSet, conditions: [] }];
    return { total: sumOf([base, this.#selection(scope, rootType, places, noSizes)]), lists };
  }

  #selection(scope: Scope, parent: GraphQLCompositeType, places: readonly Place[], sized: SizedFields): CostTerm {
    const byType = new Map<GraphQLCompositeType, CostTerm[]>();
    for (const entry of this.#collect(scope, parent, places).values()) {
      const terms = byType.get(entry.parent) ?? [];
      terms.push(this.#field(scope, entry, sized));
      byType.set(entry.parent, terms);
    }
    const sums = [...byType].map(([type, terms]) => [type, sumOf(terms)] as const);
    if (isObjectType(parent) || sums.length === 1) return sumOf(sums.map(([, sum]) => sum));
    // An object has one type: what is selected on others is not asked of it.
    const combinations = new Map<string, CostTerm>();
    for (const object of this.#schema.getPossibleTypes(parent)) {
      const applying = sums.filter(([type]) => type === object || this.#isOf(type, object));
      const key = applying.map(([type]) => type.name).join();
      if (!combinations.has(key)) combinations.set(key, sumOf(applying.map(([, sum]) => sum)));
    }
    return mostOf([...combinations.values()]);
  }

  #isOf(type: GraphQLCompositeType, object: GraphQLObjectType): boolean {
    return isAbstractType(type) && this.#schema.isSubType(type, object);
  }

  /** The fields by type and response name, each with the places that select it. */
  #collect({ fragments }: Scope, type: GraphQLCompositeType, places: readonly Place[]): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    const visit = (set: SelectionSetNode, parent: GraphQLCompositeType, above: Conditions): void => {
      for (const node of set.selections) {
        const conditions = conditionsOf(node, above);
        if (!conditions) continue;
        if (node.kind === Kind.FIELD) {
          const key = `${parent.name}.${(node.alias ?? node.name).value}`;
          const entry = entries.get(key) ?? { parent, nodes: [] };
          entry.nodes.push({ node, conditions });
          entries.set(key, entry);
          continue;
        }
        const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
        const condition = fragment?.typeCondition && this.#schema.getType(fragment.typeCondition.name.value);
        if (fragment) visit(fragment.selectionSet, isCompositeType(condition) ? condition : parent, conditions);
      }
    };
    for (const { set, conditions } of places) visit(set, type, conditions);
    return entries;
  }

  #field(scope: Scope, { parent, nodes }: Entry, sized: SizedFields): CostTerm {
    const [first, ...others] = nodes;
    const definition = first && this.#definitionOf(parent, first.node);
    if (!first || !definition) return 0;
    const coordinate = `${parent.name}.${definition.name}`;
    const rules = this.#rulesOf(parent, definition.name);
    const sizes = rules.lists.map((rule) =>
      compileListSize(rule, { coordinate, node: first.node, definition, otherwise: this.#listSize }),
    );
    scope.lists.push(...sizes.filter(({ wanted }) => wanted.length > 0));
    const type = getNamedType(definition.type);
    // Where one place selects it, its conditions are looked at here, and below it only the further ones.
    const places = nodes.flatMap(({ node, conditions }) =>
      node.selectionSet ? [{ set: node.selectionSet, conditions: others.length > 0 ? conditions : [] }] : [],
    );
    const below = isCompositeType(type) ? this.#selection(scope, type, places, sizedFieldsOf(sizes)) : 0;
    const own = sized.get(definition.name) ?? lengthOf(sizes.map(({ length }) => length));
    const count = this.#countOf(definition.type, own);
    const cost = sumOf([
      ...this.#argumentCosts(parent, first.node, definition),
      productOf(count, sumOf([rules.weight ?? this.#weightOf(type), below])),
    ]);
    const alternatives = nodes.map(({ conditions }) => conditions);
    return alternatives.some(({ length }) => length === 0)
      ? cost
      : termWhere((variables) => alternatives.some((conditions) => hold(conditions, variables)), cost);
  }

  #definitionOf(parent: GraphQLCompositeType, { name }: FieldNode): GraphQLField<unknown, unknown> | undefined {
    if (name.value === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name.value === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    return 'getFields' in parent ? parent.getFields()[name.value] : undefined;
  }

  /** Lists in lists are about as long as any. */
  #countOf(type: GraphQLOutputType, length: CostTerm | undefined): CostTerm {
    if (isNonNullType(type)) return this.#countOf(type.ofType, length);
    if (!isListType(type)) return 1;
    return productOf(length ?? this.#listSize, this.#countOf(type.ofType, undefined));
  }

  /** Of the objects that an abstract type may stand for, the costliest. */
  #weightOf(type: GraphQLNamedOutputType): number {
    const given = this.#rules.weights.get(type.name);
    if (given !== undefined) return given;
    if (!isCompositeType(type)) return 0;
    if (isObjectType(type)) return 1;
    return this.#schema.getPossibleTypes(type).reduce((most, object) => Math.max(most, this.#weightOf(object)), 1);
  }

  /** A field of an interface may be any of its objects' fields, whatever the schema says of it alone. */
  #rulesOf(parent: GraphQLCompositeType, field: string): FieldRules {
    const coordinate = `${parent.name}.${field}`;
    const known = this.#fields.get(coordinate);
    if (known) return known;
    const objects = isAbstractType(parent) ? this.#schema.getPossibleTypes(parent) : [];
    const coordinates = [coordinate, ...objects.map(({ name }) => `${name}.${field}`)];
    const weights = coordinates.flatMap((one) => this.#rules.weights.get(one) ?? []);
    const rules: FieldRules = {
      weight: weights.length > 0 ? Math.max(...weights) : undefined,
      lists: coordinates.flatMap((one) => this.#rules.lists.get(one) ?? []),
    };
    this.#fields.set(coordinate, rules);
    return rules;
  }

  #argumentCosts(parent: GraphQLCompositeType, node: FieldNode, definition: GraphQLField<unknown, unknown>) {
    return (node.arguments ?? []).map(({ name, value }): CostTerm => {
      const argument = definition.args.find((one) => one.name === name.value);
      const weight = this.#rules.weights.get(`${parent.name}.${definition.name}(${name.value}:)`);
      return argument ? this.#input(value, argument.type, weight) : 0;
    });
  }

  #input(node: ValueNode, type: GraphQLInputType, weight: number | undefined): CostTerm {
    if (isNonNullType(type)) return this.#input(node, type.ofType, weight);
    if (node.kind === Kind.NULL) return 0;
    if (node.kind === Kind.VARIABLE) {
      if (!isInputObjectType(getNamedType(type)) && this.#inputWeight(getNamedType(type), weight) === 0) return 0;
      const name = node.name.value;
      return { least: 0, at: (variables) => this.#inputValue(variables[name], type, weight) };
    }
    if (isListType(type)) {
      const items = node.kind === Kind.LIST ? node.values : [node];
      return sumOf(items.map((item) => this.#input(item, type.ofType, weight)));
    }
    const own = this.#inputWeight(type, weight);
    if (node.kind !== Kind.OBJECT || !isInputObjectType(type)) return own;
    const fields = type.getFields();
    const below = node.fields.map(({ name, value }): CostTerm => {
      const field = fields[name.value];
      return field ? this.#input(value, field.type, this.#rules.weights.get(`${type.name}.${field.name}`)) : 0;
    });
    return sumOf([own, ...below]);
  }

  /** @param value coerced */
  #inputValue(value: unknown, type: GraphQLInputType, weight: number | undefined): number {
    if (isNonNullType(type)) return this.#inputValue(value, type.ofType, weight);
    if (value === null || value === undefined) return 0;
    if (isListType(type)) {
      if (!Array.isArray(value)) return this.#inputValue(value, type.ofType, weight);
      let sum = 0;
      for (const item of value) sum += this.#inputValue(item, type.ofType, weight);
      return sum;
    }
    let sum = this.#inputWeight(type, weight);
    if (!isInputObjectType(type)) return sum;
    for (const [name, { type: inner }] of Object.entries(type.getFields())) {
      const given = (value as Readonly<Record<string, unknown>>)[name];
      if (given !== undefined) sum += this.#inputValue(given, inner, this.#rules.weights.get(`${type.name}.${name}`));
    }
    return sum;
  }

  #inputWeight(type: GraphQLNamedInputType, weight: number | undefined): number {
    return weight ?? this.#rules.weights.get(type.name) ?? (isInputObjectType(type) ? 1 : 0);
  }
}

interface Scope {
  readonly fragments: CostedOperation['fragments'];
  readonly lists: ListSize[];
}

interface FieldRules {
  readonly weight: number | undefined;
  readonly lists: readonly ListSizeRule[];
}

/** A variable of @skip or @include, and what it must be. All of them must hold. */
type Conditions = readonly (readonly [variable: string, value: boolean])[];

interface Place {
  readonly set: SelectionSetNode;
  readonly conditions: Conditions;
}

interface Entry {
  readonly parent: GraphQLCompositeType;
  readonly nodes: { readonly node: FieldNode; readonly conditions: Conditions }[];
}

/** Lengths of the lists among an object's fields, where the field that returned the object tells them. */
type SizedFields = ReadonlyMap<string, CostTerm>;
const noSizes: SizedFields = new Map();

function sizedFieldsOf(sizes: readonly ListSize[]): SizedFields {
  const names = new Set(sizes.flatMap(({ sizedFields }) => sizedFields));
  if (names.size === 0) return noSizes;
  return new Map(
    [...names].flatMap((name) => {
      const telling = sizes.filter(({ sizedFields }) => sizedFields.includes(name));
      const length = lengthOf(telling.map((size) => size.length));
      return length === undefined ? [] : [[name, length] as const];
    }),
  );
}

function lengthOf(lengths: readonly (CostTerm | undefined)[]): CostTerm | undefined {
  const known = lengths.filter((length) => length !== undefined);
  return known.length > 0 ? mostOf(known) : undefined;
}

const hold = (conditions: Conditions, variables: Variables): boolean =>
  conditions.every(([name, value]) => (variables[name] === true) === value);

/** @returns undefined where the selection is never included */
function conditionsOf({ directives = [] }: SelectionNode, above: Conditions): Conditions | undefined {
  let conditions = above;
  for (const { name, arguments: given = [] } of directives) {
    if (name.value !== 'skip' && name.value !== 'include') continue;
    const wanted = name.value === 'include';
    const value = given.find((argument) => argument.name.value === 'if')?.value;
    if (value?.kind === Kind.BOOLEAN && value.value !== wanted) return undefined;
    if (value?.kind === Kind.VARIABLE) conditions = [...conditions, [value.name.value, wanted]];
  }
  return conditions;
}
