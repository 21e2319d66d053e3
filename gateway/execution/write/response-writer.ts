import {
  type FieldNode,
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
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import { selectedKey } from '../../planning/selected-keys.ts';
import type { FieldSource } from '../../supergraph/field-sources.ts';
import type { Restriction } from '../compiled-operation.ts';
import type { Failure, ResponsePath } from '../failure.ts';
import { jsonText, quote } from '../json-text.ts';
import type { ResponseObject } from '../response-data.ts';
import type { Run } from '../run.ts';
import { type SelectionScope, selectFields } from '../select-fields.ts';
import { abstractWriter } from './abstract-writer.ts';
import { explained, listWriter, nonNull, nullable, objectGuard } from './complete-value.ts';
import { leafWriter } from './leaf-writer.ts';
import { createObjectWriter, type PlainValue } from './object-writer.ts';
import { compileSelectedSteps, ofAnyType, type SelectedSteps } from './selected-steps.ts';
import { type DataOrigin, type MergedData, type Position, type Write, WriteRun } from './write-run.ts';

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
export type ResponseWriter = (run: Run) => WrittenResponse;

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
    const run = new WriteRun(merged, merged);
    const text = write(merged.root, 0, run) ?? 'null';
    return { data: text, errors: run.errors };
  };
}

/** Writes the fields of one fragment of one object, as a part of an answer that comes later. */
export type FragmentWriter = (
  object: ResponseObject,
  path: ResponsePath,
  merged: MergedData,
  origin: DataOrigin,
) => WrittenResponse;

export function compileFragmentWriter(
  scope: WriterScope,
  type: GraphQLObjectType | GraphQLInterfaceType,
  selections: readonly SelectionSetNode[],
): FragmentWriter {
  const write = compileObject(scope, type, selections);
  return (object, path, merged, origin) => {
    const run = new WriteRun(merged, origin);
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
    isDisentangled: scope.isDisentangled === true,
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
  if (isAbstractType(named))
    return abstractWriter(scope, named, { sets, position }, (one) => compileObject(scope, one, sets));
  throw new Error(`Not an output type: ${String(type)}`);
}
