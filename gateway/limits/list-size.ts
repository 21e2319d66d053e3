import type { ValueNode } from 'graphql';
import {
  type FieldNode,
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  isInputObjectType,
  Kind,
} from 'graphql';
import type { Variables } from '../execution/compiled-operation.ts';
import type { ListSizeRule } from '../supergraph/cost-rules.ts';
import type { CostTerm } from './cost-term.ts';

/** How long the list is that one selected field returns, or returns in its `sizedFields`. */
export interface ListSize {
  /** The field, for messages. */
  readonly coordinate: string;
  /** Undefined where the rule says nothing about it. */
  readonly length: CostTerm | undefined;
  readonly sizedFields: readonly string[];
  /** The arguments of which a request must give exactly one; empty where it need not. */
  readonly wanted: readonly string[];
  /** How many of its slicing arguments a request gives; what has a default is given where nothing else is. */
  given(variables: Variables): number;
}

export interface SizedField {
  readonly coordinate: string;
  readonly node: FieldNode;
  readonly definition: GraphQLField<unknown, unknown>;
  /** The length of lists that nobody tells. */
  readonly otherwise: number;
}

/** Where the length is written in an operation. */
type Source =
  | { readonly kind: 'absent' }
  | { readonly kind: 'default'; readonly length: number }
  | { readonly kind: 'literal'; readonly length: number }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /** Of keys in its value. */
      readonly path: readonly string[];
      /** Where the request leaves the variable out. */
      readonly otherwise: number | undefined;
    };

export function compileListSize(rule: ListSizeRule, field: SizedField): ListSize {
  // What is hidden from clients they cannot give.
  const paths = rule.slicingArguments.filter(([name]) => argumentOf(field.definition, name) !== undefined);
  const sources = paths.map((path) => sourceOf(path, field));
  return {
    coordinate: field.coordinate,
    length: lengthOf(sources, rule.assumedSize, field.otherwise),
    sizedFields: rule.sizedFields,
    wanted: rule.requiresOne ? paths.map((path) => path.join('.')) : [],
    given(variables) {
      const given = sources.filter((source) => isGiven(source, variables)).length;
      return given === 0 && sources.some((source) => lengthAt(source, variables) !== undefined) ? 1 : given;
    },
  };
}

/** Of several slicing arguments the largest counts. */
function lengthOf(sources: readonly Source[], assumed: number | undefined, otherwise: number): CostTerm | undefined {
  const largest = (variables: Variables) =>
    sources.reduce<number | undefined>((most, source) => {
      const length = lengthAt(source, variables);
      return length === undefined || (most !== undefined && most > length) ? most : length;
    }, undefined);
  if (sources.every(({ kind }) => kind !== 'variable')) return largest({}) ?? assumed;
  const fixed = sources.flatMap((source) => (source.kind === 'variable' ? [] : (lengthAt(source, {}) ?? [])));
  return { least: Math.max(0, ...fixed), at: (variables) => largest(variables) ?? assumed ?? otherwise };
}

function lengthAt(source: Source, variables: Variables): number | undefined {
  switch (source.kind) {
    case 'absent':
      return undefined;
    case 'variable': {
      const value = variables[source.name];
      return value === undefined ? source.otherwise : toLength(valueAt(value, source.path));
    }
    default:
      return source.length;
  }
}

function isGiven(source: Source, variables: Variables): boolean {
  if (source.kind === 'variable') return toLength(valueAt(variables[source.name], source.path)) !== undefined;
  return source.kind === 'literal';
}

const argumentOf = ({ args }: SizedField['definition'], name: string | undefined) =>
  args.find((argument) => argument.name === name);

function sourceOf([name, ...path]: readonly string[], { node, definition }: SizedField): Source {
  const argument = argumentOf(definition, name);
  const given = node.arguments?.find((one) => one.name.value === name);
  if (!argument) return { kind: 'absent' };
  return given ? sourceIn(given.value, path, argument) : sourceInDefault(argument.defaultValue, path);
}

/** An argument, or a field of an input object. */
interface InputDefinition {
  readonly type: GraphQLInputType;
  readonly defaultValue?: unknown;
}

function sourceIn(value: ValueNode, path: readonly string[], definition: InputDefinition): Source {
  if (value.kind === Kind.VARIABLE) {
    const otherwise = toLength(valueAt(definition.defaultValue, path));
    return { kind: 'variable', name: value.name.value, path, otherwise };
  }
  const [key, ...rest] = path;
  if (key === undefined) {
    const length = 'value' in value ? toLength(value.value) : undefined;
    return length === undefined ? { kind: 'absent' } : { kind: 'literal', length };
  }
  const type = getNamedType(definition.type);
  const field = isInputObjectType(type) ? type.getFields()[key] : undefined;
  if (value.kind !== Kind.OBJECT || !field) return { kind: 'absent' };
  const given = value.fields.find(({ name }) => name.value === key);
  return given ? sourceIn(given.value, rest, field) : sourceInDefault(field.defaultValue, rest);
}

function sourceInDefault(value: unknown, path: readonly string[]): Source {
  const length = toLength(valueAt(value, path));
  return length === undefined ? { kind: 'absent' } : { kind: 'default', length };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at;
}

/** Large numbers may come as text, in custom scalars. */
function toLength(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return undefined;
  const length = value === '' ? Number.NaN : Number(value);
  return Number.isNaN(length) ? undefined : Math.min(Math.max(0, length), Number.MAX_SAFE_INTEGER);
}
