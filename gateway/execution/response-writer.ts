import {
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLFormattedError,
  GraphQLID,
  type GraphQLInterfaceType,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
  type GraphQLType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { clientKey, selectedKey } from '../planning/selected-keys.ts';
import type { FieldSource } from '../supergraph/field-sources.ts';
import { Failure, formatFieldError, notAsked, type ResponsePath } from './failure.ts';
import { jsonText, quote } from './json-text.ts';
import type { ResponseObject } from './response-data.ts';
import type { Run } from './run.ts';
import { type SelectionScope, selectFields } from './select-fields.ts';

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

/** What was merged while a plan ran. */
export type MergedData = Pick<Run, 'root' | 'errors' | 'isPlain' | 'sharesObjects'>;

/** Response keys at the root that graphql-js answers itself (`__schema`, `__type`). */
export const introspectionFields: ReadonlySet<string> = new Set(['__schema', '__type']);

/** An answer carries this many errors at most: a failed subgraph below a long list must not grow it without bound. */
const maxErrors = 1000;

export interface WriterScope extends SelectionScope {
  readonly fieldSource: FieldSource;
  /** Whether values stand under keys of their own: see `disentangle`. @default false */
  readonly isDisentangled?: boolean;
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

/**
 * Writes the value at `depth` of the path. `undefined` says that the value is null at a place that must not be null,
 * so that the parent becomes null.
 */
type Write = (value: unknown, depth: number, run: WriteRun) => string | undefined;

/** The state of one writing: the path is kept as it goes and copied only when an error needs it. */
class WriteRun {
  readonly path: (string | number)[] = [];
  readonly errors: GraphQLFormattedError[];
  /** Texts of the values that a field has met: see `writeOnce`. */
  readonly texts = new Map<Write, Map<object, string>>();
  #blamed = false;
  /** How many values were refused so far, whether or not that became an error of its own. */
  refusals = 0;

  /** Whether strings are written as they are. */
  readonly isPlain: boolean;
  readonly sharesObjects: boolean;

  constructor({ errors, isPlain, sharesObjects }: Omit<MergedData, 'root'>) {
    this.errors = [...errors];
    this.isPlain = isPlain;
    this.sharesObjects = sharesObjects;
  }

  /** @param siblings the fields that the client selected of the object that lacks the value */
  fail(failure: Failure, depth: number, siblings: ReadonlySet<string>): void {
    this.refusals += 1;
    const path = this.path.slice(0, depth);
    for (const error of Failure.errorsOf(failure)) {
      const { elsewhere = [] } = error;
      const [culprit] = elsewhere;
      if (typeof culprit === 'string' && siblings.has(clientKey(culprit))) {
        this.#addOnce(formatFieldError({ ...error, below: elsewhere }, path.slice(0, -1)));
      } else if (this.#blamed) this.#addOnce(formatFieldError(error, path));
      else this.#add(formatFieldError(error, path));
    }
  }

  /** Several fields may name one error of another, which may name it itself. */
  #addOnce(error: GraphQLFormattedError): void {
    this.#blamed = true;
    const place = JSON.stringify([error.path, error.message]);
    if (this.errors.some(({ path, message }) => JSON.stringify([path, message]) === place)) return;
    this.#add(error);
  }

  malformed(position: Position, depth: number): void {
    this.refusals += 1;
    const path = this.path.slice(0, depth);
    const { service } = position;
    const message = `${service === undefined ? 'A subgraph' : `"${service}"`} gave a value for ${position.coordinate} that does not fit its type ${position.type}.`;
    const extensions = { code: 'SUBGRAPH_MALFORMED_RESPONSE', ...(service && { service }), retryable: false };
    this.#add({ message, path, extensions });
  }

  /** A field that its subgraph was asked for and did not answer, not even with null. */
  leftOut(position: Position, depth: number): void {
    this.refusals += 1;
    const { service } = position;
    const message = `${service === undefined ? 'A subgraph' : `"${service}"`} left out ${position.coordinate}.`;
    const extensions = { code: 'SUBGRAPH_MALFORMED_RESPONSE', ...(service && { service }), retryable: false };
    this.#add({ message, path: this.path.slice(0, depth), extensions });
  }

  /** A null that nobody explained. Where an error at, above or below the place is known, that one explains it. */
  missing(position: Position, depth: number): void {
    this.refusals += 1;
    const path = this.path.slice(0, depth);
    if (this.errors.some((error) => error.path && overlaps(error.path, path))) return;
    const { service } = position;
    const message = `Cannot return null for non-nullable field ${position.coordinate}.`;
    this.#add({
      message,
      path,
      extensions: { code: 'NULL_FOR_NON_NULL', ...(service && { service }), retryable: false },
    });
  }

  #add(error: GraphQLFormattedError): void {
    if (this.errors.length < maxErrors) this.errors.push(error);
  }
}

function overlaps(a: ResponsePath, b: ResponsePath): boolean {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** What an error says about the field where it happened. */
interface Position {
  readonly coordinate: string;
  readonly type: string;
  readonly service: string | undefined;
  /** The response keys of the object that holds the field. */
  readonly siblings: ReadonlySet<string>;
}

interface FieldWriter {
  readonly key: string;
  /** The key of the value in the merged data. */
  readonly source: string;
  readonly prefix: string;
  readonly write: Write;
  /** Whether a string is a value of this field, so that it needs no further look. */
  readonly isText: boolean;
}

function compileObject(
  scope: WriterScope,
  type: GraphQLObjectType | GraphQLInterfaceType,
  sets: readonly SelectionSetNode[],
): Write {
  const selected = selectFields(scope, type, sets);
  const siblings = new Set(selected.keys());
  const fields = [...selected].flatMap(([key, nodes], index) => {
    const write = compileField(scope, type, nodes, siblings);
    if (!write) return [];
    const isOwn = scope.isDisentangled === true && !nodes[0]?.name.value.startsWith('__');
    const source = isOwn ? selectedKey(key) : key;
    const prefix = `${index === 0 ? '{' : ','}${quote(key)}:`;
    const own = source in Object.prototype ? ownOnly(write) : write;
    return [{ key, source, prefix, write: own, isText: isText(type, nodes) }];
  });
  if (fields.length === 0) return () => '{}';
  return createObjectWriter(fields);
}

/** What an object inherits under the name of a field is not its value. */
function ownOnly(write: Write): Write {
  return (value, depth, run) => write(typeof value === 'function' ? undefined : value, depth, run);
}

function createObjectWriter(fields: readonly FieldWriter[]): Write {
  return (value, depth, run) => {
    let text = '';
    const { path, isPlain } = run;
    const source = value as ResponseObject;
    for (let i = 0; i < fields.length; i += 1) {
      const field = fields[i] as FieldWriter;
      const member = source[field.source];
      if (isPlain && field.isText && typeof member === 'string') {
        text += `${field.prefix}"${member}"`;
        continue;
      }
      path[depth] = field.key;
      const written = field.write(member, depth + 1, run);
      if (written === undefined) return undefined;
      text += field.prefix + written;
    }
    return `${text}}`;
  };
}

function isText(parent: GraphQLObjectType | GraphQLInterfaceType, [node]: readonly FieldNode[]): boolean {
  const type = node && getNullableType(parent.getFields()[node.name.value]?.type);
  return type === GraphQLString || type === GraphQLID;
}

function compileField(
  scope: WriterScope,
  parent: GraphQLObjectType | GraphQLInterfaceType,
  nodes: readonly FieldNode[],
  siblings: ReadonlySet<string>,
): Write | undefined {
  const name = nodes[0]?.name.value ?? '';
  if (name === '__typename') {
    const text = quote(parent.name);
    return () => text;
  }
  if (introspectionFields.has(name)) return jsonText;
  const field = parent.getFields()[name];
  if (!field) return undefined;
  const sets = nodes.flatMap((node) => node.selectionSet ?? []);
  const position: Position = {
    coordinate: `${parent.name}.${name}`,
    type: String(field.type),
    service: scope.fieldSource(parent.name, name),
    siblings,
  };
  const write = compileType(scope, field.type, sets, position);
  return sets.length > 0 ? writeOnce(write) : write;
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
  if (isNonNullType(type)) return nonNull(compileValue(scope, type.ofType, sets, position), position);
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
    if (!Array.isArray(value)) return refuse(value, position, depth, run);
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
      return refuse(value, position, depth, run);
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
  const writers = new Map<string, Write>();
  // Where the answer does not depend on the type, the planner does not ask for it.
  const untyped = isInterfaceType(type) ? compileObject(scope, type, sets) : undefined;
  return (value, depth, run) => {
    if (typeof value !== 'object' || value instanceof Failure || Array.isArray(value)) {
      return refuse(value, position, depth, run);
    }
    const typename = (value as ResponseObject)['__typename'];
    if (typename === undefined && untyped) return untyped(value, depth, run);
    const known = typeof typename === 'string' ? (writers.get(typename) ?? possible.get(typename)) : undefined;
    // A type that clients must not see, or none at all: null, like a value that does not fit.
    if (known === undefined) return refuse(value, position, depth, run);
    if (typeof known === 'function') return known(value, depth, run);
    const write = compileObject(scope, known, sets);
    writers.set(known.name, write);
    return write(value, depth, run);
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

function leafWriter(type: GraphQLLeafType, position: Position): Write {
  const slow: Write = (value, depth, run) => serialize(type, value) ?? refuse(value, position, depth, run);
  if (isEnumType(type)) {
    const values = new Map(type.getValues().map(({ name }) => [name as unknown, quote(name)]));
    return (value, depth, run) => values.get(value) ?? refuse(value, position, depth, run);
  }
  switch (type.name) {
    case 'String':
    case 'ID':
      return (value, depth, run) =>
        typeof value !== 'string' ? slow(value, depth, run) : run.isPlain ? `"${value}"` : quote(value);
    case 'Int':
      return (value, depth, run) =>
        (value as number) === ((value as number) | 0) ? `${value}` : slow(value, depth, run);
    case 'Boolean':
      return (value, depth, run) => (value === true ? 'true' : value === false ? 'false' : slow(value, depth, run));
    case 'Float':
      return slow;
    default:
      return (value, depth, run) => (value instanceof Failure ? refuse(value, position, depth, run) : jsonText(value));
  }
}

/** graphql-js decides what else a built-in scalar accepts (a number for an ID, 1.0 for an Int). */
function serialize(type: GraphQLLeafType, value: unknown): string | undefined {
  if (typeof value === 'object') return undefined;
  try {
    return jsonText(type.serialize(value));
  } catch {
    return undefined;
  }
}

function refuse(value: unknown, position: Position, depth: number, run: WriteRun): undefined {
  if (value instanceof Failure) run.fail(value, depth, position.siblings);
  else run.malformed(position, depth);
}
