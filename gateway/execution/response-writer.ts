import {
  type FieldNode,
  type GraphQLAbstractType,
  GraphQLBoolean,
  type GraphQLFormattedError,
  GraphQLID,
  GraphQLInt,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
  type GraphQLType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { selectedKey } from '../planning/selected-keys.ts';
import type { FieldSource } from '../supergraph/field-sources.ts';
import type { Restriction } from './compiled-operation.ts';
import { Failure, notAsked, type ResponsePath, untoldType } from './failure.ts';
import { jsonText, quote } from './json-text.ts';
import { leafWriter, refuseValue } from './leaf-writer.ts';
import { createObjectWriter, type PlainValue } from './object-writer.ts';
import type { ResponseObject } from './response-data.ts';
import { type SelectionScope, selectFields } from './select-fields.ts';
import { compileSelectedSteps, ofAnyType, type SelectedSteps } from './selected-steps.ts';
import { type MergedData, type Position, type Write, WriteRun } from './write-run.ts';

/** A response as it goes to the client. */
export interface WrittenResponse {
  /** The JSON text of `data`, `null` included. */
  readonly data: string;
  readonly errors: readonly GraphQLFormattedError[];
}

/**
 * Writes the merged data of all subgraphs as the answer to one operation: selected fields only, in the order of the
 * query, values checked against the public schema, nulls propagated as the specification demands (6.4.4).
 */
export type ResponseWriter = (merged: MergedData) => WrittenResponse;

/** Response keys at the root that graphql-js answers itself (`__schema`, `__type`). */
export const introspectionFields: ReadonlySet<string> = new Set(['__schema', '__type']);

export interface WriterScope extends SelectionScope {
  readonly fieldSource: FieldSource;
  /** Whether values stand under keys of their own: see `disentangle`. @default false */
  readonly isDisentangled?: boolean;
  /** Fields that were not asked for because this caller may not read them. @default none */
  readonly denied?: Restriction['denied'] | undefined;
}

/** Compiles the writer of one operation whose conditions are resolved. */
export function compileResponseWriter(
  scope: WriterScope,
  root: GraphQLObjectType,
  selections: SelectionSetNode,
): ResponseWriter {
  const write = compileObject(scope, root, [selections]);
  return (merged) => {
    const run = new WriteRun(merged);
    const text = write(merged.root, 0, run) ?? 'null';
    return { data: text, errors: run.errors };
  };
}

/** Writes the fields of one fragment of one object, as a part of an answer that comes later. */
export type FragmentWriter = (
  object: ResponseObject,
  path: ResponsePath,
  merged: Omit<MergedData, 'root'>,
) => WrittenResponse;

export function compileFragmentWriter(
  scope: WriterScope,
  type: GraphQLObjectType | GraphQLInterfaceType,
  selections: readonly SelectionSetNode[],
): FragmentWriter {
  const write = compileObject(scope, type, selections);
  return (object, path, merged) => {
    const run = new WriteRun(merged);
    run.path.push(...path);
    return { data: write(object, path.length, run) ?? 'null', errors: run.errors };
  };
}

function compileObject(
  scope: WriterScope,
  type: GraphQLObjectType | GraphQLInterfaceType,
  sets: readonly SelectionSetNode[],
): Write {
  const selected = selectFields(scope, type, sets);
  const siblings = compileSelectedSteps(scope, (key) => selected.get(key));
  const fields = [...selected].flatMap(([key, nodes], index) => {
    const write = compileField(scope, type, nodes, siblings);
    if (!write) return [];
    const isOwn = scope.isDisentangled === true && !nodes[0]?.name.value.startsWith('__');
    const source = isOwn ? selectedKey(key) : key;
    const prefix = `${index === 0 ? '{' : ','}${quote(key)}:`;
    const own = source in Object.prototype ? ownOnly(write) : write;
    return [{ key, source, prefix, write: own, plain: denialOf(scope, nodes) ? undefined : plainValue(type, nodes) }];
  });
  return createObjectWriter(fields);
}

/** What an object inherits under the name of a field is not its value. */
function ownOnly(write: Write): Write {
  return (value, depth, run) => write(typeof value === 'function' ? undefined : value, depth, run);
}

function plainValue(
  parent: GraphQLObjectType | GraphQLInterfaceType,
  [node]: readonly FieldNode[],
): PlainValue | undefined {
  const type = node && parent.getFields()[node.name.value]?.type;
  const leaf = getNullableType(type);
  const isNullable = leaf === type;
  if (leaf === GraphQLString || leaf === GraphQLID) return 'text';
  if (leaf === GraphQLInt) return isNullable ? 'int or null' : 'int';
  if (leaf === GraphQLBoolean) return isNullable ? 'boolean or null' : 'boolean';
  return undefined;
}

function compileField(
  scope: WriterScope,
  parent: GraphQLObjectType | GraphQLInterfaceType,
  nodes: readonly FieldNode[],
  siblings: SelectedSteps,
): Write | undefined {
  const name = nodes[0]?.name.value ?? '';
  if (name === '__typename') {
    const text = quote(parent.name);
    return () => text;
  }
  if (introspectionFields.has(name)) return jsonText;
  const field = parent.getFields()[name];
  if (!field) return undefined;
  const denial = denialOf(scope, nodes);
  if (denial) return writeDenied(denial, isNonNullType(field.type), siblings);
  const sets = nodes.flatMap((node) => (scope.denied?.has(node) ? [] : (node.selectionSet ?? [])));
  const position: Position = {
    coordinate: `${parent.name}.${name}`,
    type: String(field.type),
    service: scope.fieldSource(parent.name, name),
    siblings,
    below: compileSelectedSteps(scope, fieldsBelow(scope, field.type, sets)),
  };
  const write = compileType(scope, field.type, sets, position);
  return sets.length > 0 ? writeOnce(write) : write;
}

function fieldsBelow(scope: WriterScope, type: GraphQLOutputType, sets: readonly SelectionSetNode[]) {
  const named = getNamedType(type);
  // Needed where something failed only.
  return isObjectType(named) ? (key: string) => selectFields(scope, named, sets).get(key) : ofAnyType(scope, sets);
}

/** The same field may be asked for in several fragments, and be denied in one. */
function denialOf({ denied }: WriterScope, nodes: readonly FieldNode[]): Failure | undefined {
  if (!denied?.size || nodes.some((node) => !denied.has(node))) return undefined;
  return nodes[0] && denied.get(nodes[0]);
}

function writeDenied(failure: Failure, isNonNull: boolean, siblings: SelectedSteps): Write {
  return (_value, depth, run) => {
    run.fail(failure, depth, { siblings, below: () => [] });
    return isNonNull ? undefined : 'null';
  };
}

/**
 * Places that share a part of a subgraph's answer get its text written once. What met a refusal is written anew at each
 * place, because errors name their place.
 */
function writeOnce(write: Write): Write {
  return (value, depth, run) => {
    if (!run.sharesObjects || typeof value !== 'object' || value === null) return write(value, depth, run);
    let texts = run.texts.get(write);
    if (!texts) {
      texts = new Map();
      run.texts.set(write, texts);
    }
    const known = texts.get(value);
    if (known !== undefined) return known;
    const { refusals } = run;
    const text = write(value, depth, run);
    if (text !== undefined && run.refusals === refusals) texts.set(value, text);
    return text;
  };
}

function compileType(
  scope: WriterScope,
  type: GraphQLOutputType,
  sets: readonly SelectionSetNode[],
  position: Position,
): Write {
  if (isNonNullType(type)) {
    const write = compileValue(scope, type.ofType, sets, position);
    return nonNull(isAbstractType(type.ofType) ? explained(write, position) : write, position);
  }
  return nullable(compileValue(scope, type, sets, position), position);
}

/** Null is an answer; no value at all is none: some subgraph was asked for it and left it out. */
function nullable(write: Write, position: Position): Write {
  return (value, depth, run) => {
    if (value === null) return 'null';
    if (value === undefined) run.leftOut(position, depth);
    else return write(value, depth, run) ?? 'null';
    return 'null';
  };
}

function nonNull(write: Write, position: Position): Write {
  return (value, depth, run) => {
    if (value !== null && value !== undefined && value !== notAsked) return write(value, depth, run);
    run.missing(position, depth);
    return undefined;
  };
}

/** What became null in silence is told where null must not be. */
function explained(write: Write, position: Position): Write {
  return (value, depth, run) => {
    const { refusals } = run;
    const text = write(value, depth, run);
    if (text === undefined && run.refusals === refusals) run.missing(position, depth);
    return text;
  };
}

/** The writer of a value that is not null; a failure or a misfit is reported and becomes `undefined`. */
function compileValue(
  scope: WriterScope,
  type: GraphQLType,
  sets: readonly SelectionSetNode[],
  position: Position,
): Write {
  if (isListType(type))
    return listWriter(compileType(scope, type.ofType as GraphQLOutputType, sets, position), position);
  const named = getNamedType(type);
  if (isLeafType(named)) return leafWriter(named, position);
  if (isObjectType(named)) return objectGuard(compileObject(scope, named, sets), position);
  if (isAbstractType(named)) return abstractWriter(scope, named, sets, position);
  throw new Error(`Not an output type: ${String(type)}`);
}

function listWriter(item: Write, position: Position): Write {
  return (value, depth, run) => {
    if (!Array.isArray(value)) return refuseValue(value, position, depth, run);
    if (value.length === 0) return '[]';
    let text = '';
    for (let i = 0; i < value.length; i += 1) {
      run.path[depth] = i;
      const written = item(value[i], depth + 1, run);
      if (written === undefined) return undefined;
      text += (i === 0 ? '[' : ',') + written;
    }
    return `${text}]`;
  };
}

function objectGuard(write: Write, position: Position): Write {
  return (value, depth, run) => {
    if (typeof value !== 'object' || value instanceof Failure || Array.isArray(value)) {
      return refuseValue(value, position, depth, run);
    }
    return write(value, depth, run);
  };
}

function abstractWriter(
  scope: WriterScope,
  type: GraphQLAbstractType,
  sets: readonly SelectionSetNode[],
  position: Position,
): Write {
  const interfaces = isInterfaceType(type) ? [type, ...scope.schema.getImplementations(type).interfaces] : [];
  // A subgraph that knows an interface as @interfaceObject gives its name: enough, unless the type itself matters.
  const typeless = interfaces.filter((named) => !dependsOnType(scope, named, sets));
  const possible = new Map(
    [...scope.schema.getPossibleTypes(type), ...typeless].map((named) => [named.name, named] as const),
  );
  const untold = untoldWriter(position);
  const writers = new Map<string, Write>();
  // Where the answer does not depend on the type, the planner does not ask for it.
  const untyped = isInterfaceType(type) ? compileObject(scope, type, sets) : undefined;
  return (value, depth, run) => {
    if (typeof value !== 'object' || value instanceof Failure || Array.isArray(value)) {
      return refuseValue(value, position, depth, run);
    }
    const typename = (value as ResponseObject)['__typename'];
    if (typename === undefined && untyped) return untyped(value, depth, run);
    const known = typeof typename === 'string' ? (writers.get(typename) ?? possible.get(typename)) : undefined;
    // A type that clients must not see, or none at all: null, like a value that does not fit.
    if (known === undefined) return untold(value, depth, run);
    if (typeof known === 'function') return known(value, depth, run);
    const write = compileObject(scope, known, sets);
    writers.set(known.name, write);
    return write(value, depth, run);
  };
}

/**
 * An object without a type that clients know. Where another subgraph was to tell the type, what it failed with is told;
 * an entity that it does not know is null, as everywhere.
 */
function untoldWriter(position: Position): Write {
  return (value, depth, run) => {
    const failure = (value as { [untoldType]?: Failure })[untoldType];
    if (failure === undefined) return refuseValue(value, position, depth, run);
    if (failure !== notAsked) run.fail(failure, depth, position);
    return undefined;
  };
}

/** Whether objects of one interface may be answered differently, by `__typename` or a fragment on some of them. */
function dependsOnType(scope: WriterScope, type: GraphQLInterfaceType, sets: readonly SelectionSetNode[]): boolean {
  const everyone = new Set<string | undefined>([undefined, type.name, ...type.getInterfaces().map(({ name }) => name)]);
  const depends = (set: SelectionSetNode | undefined): boolean =>
    (set?.selections ?? []).some((node) => {
      if (node.kind === Kind.FIELD) return node.name.value === '__typename';
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : scope.fragments.get(node.name.value);
      return !everyone.has(fragment?.typeCondition?.name.value) || depends(fragment?.selectionSet);
    });
  return sets.some(depends);
}
