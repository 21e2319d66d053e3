import type { Requirement, Rewrite } from '../planning/plan.ts';
import type { TypeIndex } from '../supergraph/load-supergraph.ts';
import { Failure, notAsked, withoutSteps } from './failure.ts';
import { jsonText, quote } from './json-text.ts';
import { isResponseObject, type ResponseObject, typenameOf } from './response-data.ts';
import { compileRewrites } from './rewrite.ts';

/** The distinct representations of the entities that one request is about, in the order in which they were met. */
export interface Representations {
  /** JSON texts. */
  readonly texts: readonly string[];
  /**
   * @returns which of the texts is the entity's; the failure that took a required field away; or undefined where the
   *   entity cannot be asked for
   */
  indexOf(entity: ResponseObject): number | Failure | undefined;
}

/**
 * A representation is left out when the entity's type needs nothing from this subgraph, when nobody knows a required
 * field, or when every required field is null: a key of nulls identifies nothing. A null among other values is sent.
 */
export function compileRepresentations(
  requires: readonly Requirement[],
  rewrites: readonly Rewrite[],
  types: TypeIndex,
): () => Representations {
  const onlyType = soleTypeCondition(requires);
  const writers = new Map<string, Writer>();
  const rewrite = rewrites.length > 0 ? compileRewrites(rewrites, types) : undefined;
  const writerOf = (entity: ResponseObject): Writer | undefined => {
    const typename = typenameOf(entity) ?? onlyType;
    if (typename === undefined) return undefined;
    const known = writers.get(typename);
    if (known) return known;
    const writer = compileObject(requires, typename, types);
    // Names come from subgraphs: only those that the schema knows are worth remembering.
    if (types.possible(typename).size > 0) writers.set(typename, writer);
    return writer;
  };
  return () => new RepresentationList(writerOf, rewrite);
}

interface Writer {
  readonly write: (value: ResponseObject) => string | Failure | undefined;
  /** The required fields, the last of which mostly tells entities apart. */
  readonly sources: readonly string[];
}

class RepresentationList implements Representations {
  readonly texts: string[] = [];
  readonly #writerOf: (entity: ResponseObject) => Writer | undefined;
  readonly #rewrite: ((value: ResponseObject) => void) | undefined;
  readonly #byText = new Map<string, number>();
  /** An entity that was met with each text, by the value of its last required field: the text need not be made again. */
  readonly #met = new Map<Writer, Map<unknown, { readonly entity: ResponseObject; readonly index: number }>>();

  constructor(
    writerOf: (entity: ResponseObject) => Writer | undefined,
    rewrite: ((value: ResponseObject) => void) | undefined,
  ) {
    this.#writerOf = writerOf;
    this.#rewrite = rewrite;
  }

  indexOf(entity: ResponseObject): number | Failure | undefined {
    const writer = this.#writerOf(entity);
    if (!writer) return undefined;
    const last = writer.sources.at(-1) ?? '';
    let met = this.#met.get(writer);
    const alike = met?.get(entity[last]);
    if (alike && isAlike(alike.entity, entity, writer.sources)) return alike.index;
    const written = writer.write(entity);
    if (typeof written !== 'string') return written;
    const index = this.#indexOfText(this.#rewrite ? rewriteText(written, this.#rewrite) : written);
    if (!met) {
      met = new Map();
      this.#met.set(writer, met);
    }
    met.set(entity[last], { entity, index });
    return index;
  }

  #indexOfText(text: string): number {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const index = this.texts.push(text) - 1;
    this.#byText.set(text, index);
    return index;
  }
}

/** Objects and lists are alike only where they are the same ones. */
function isAlike(one: ResponseObject, other: ResponseObject, sources: readonly string[]): boolean {
  for (const source of sources) if (one[source] !== other[source]) return false;
  return true;
}

/** Some subgraph was asked for it and did not say it, not even as null: without it another entity might be found. */
const leftOut = new Failure([
  {
    message: 'A subgraph left out what is needed to ask for this field.',
    extensions: { code: 'SUBGRAPH_MALFORMED_RESPONSE', retryable: false },
    below: [],
  },
]);

interface CollectedField {
  readonly source: string;
  readonly key: string;
  readonly selections: Requirement[];
}

function rewriteText(text: string, rewrite: (value: ResponseObject) => void): string {
  const value: ResponseObject = JSON.parse(text);
  rewrite(value);
  return JSON.stringify(value);
}

function soleTypeCondition(requires: readonly Requirement[]): string | undefined {
  const [first, ...others] = requires;
  return first?.kind === 'types' && others.length === 0 ? first.condition : undefined;
}

function collect(requires: readonly Requirement[], typename: string, types: TypeIndex): CollectedField[] {
  const fields = new Map<string, CollectedField>();
  const visit = (selections: readonly Requirement[]): void => {
    for (const node of selections) {
      if (node.kind === 'types') {
        if (node.condition === typename || types.possible(node.condition).has(typename)) visit(node.selections);
        continue;
      }
      const key = node.alias ?? node.name;
      const known = fields.get(key);
      if (known) known.selections.push(...node.selections);
      else fields.set(key, { source: node.name, key, selections: [...node.selections] });
    }
  };
  visit(requires);
  return [...fields.values()];
}

function compileObject(requires: readonly Requirement[], typename: string, types: TypeIndex): Writer {
  const collected = collect(requires, typename, types).filter(({ key }) => key !== '__typename');
  const fields = collected.map(({ source, key, selections }) => ({
    source,
    prefix: `,${quote(key)}:`,
    write: selections.length > 0 ? compileNested(selections, types) : jsonText,
  }));
  const head = `{"__typename":${quote(typename)}`;
  const write = (value: ResponseObject) => {
    let text = head;
    let identifies = false;
    for (const { source, prefix, write } of fields) {
      const field = value[source];
      if (field === notAsked) return undefined;
      if (field === undefined) return leftOut;
      if (field instanceof Failure) return field;
      if (field !== null) identifies = true;
      const written = write(field);
      if (typeof written !== 'string') return withoutSteps(written);
      text += prefix + written;
    }
    return identifies ? `${text}}` : undefined;
  };
  return { write, sources: fields.map(({ source }) => source) };
}

const typename: Requirement = { kind: 'field', name: '__typename', alias: undefined, selections: [] };

/** A nested object may lack fields (another type's, or null from its subgraph): what is there is sent. */
function compileNested(selections: readonly Requirement[], types: TypeIndex): (value: unknown) => string | Failure {
  const byType = new Map<string, readonly NestedField[]>();
  // What depends on the type is read by it: the planner leaves the type itself out.
  const told = selections.some(({ kind }) => kind === 'types') ? [typename, ...selections] : selections;
  const fieldsFor = (type: string): readonly NestedField[] => {
    const known = byType.get(type);
    if (known) return known;
    const collected = collect(told, type, types);
    const fields = collected.map(({ source, key, selections: below }) => ({
      source,
      prefix: `${quote(key)}:`,
      write: below.length > 0 ? compileNested(below, types) : jsonText,
    }));
    if (type === '' || types.possible(type).size > 0) byType.set(type, fields);
    return fields;
  };
  const write = (value: unknown): string | Failure => {
    if (value instanceof Failure) return value;
    if (Array.isArray(value)) return writeList(value, write);
    if (!isResponseObject(value)) return 'null';
    return writeNested(value, fieldsFor(typenameOf(value) ?? ''));
  };
  return write;
}

interface NestedField {
  readonly source: string;
  readonly prefix: string;
  readonly write: (value: unknown) => string | Failure;
}

function writeNested(value: ResponseObject, fields: readonly NestedField[]): string | Failure {
  const parts: string[] = [];
  for (const { source, prefix, write } of fields) {
    const field = value[source];
    if (field === notAsked) continue;
    if (field === undefined) return leftOut;
    const written = field instanceof Failure ? field : write(field);
    if (typeof written !== 'string') return written;
    parts.push(prefix + written);
  }
  return `{${parts.join(',')}}`;
}

function writeList(values: readonly unknown[], write: (value: unknown) => string | Failure): string | Failure {
  const parts: string[] = [];
  for (const value of values) {
    const written = write(value);
    if (typeof written !== 'string') return written;
    parts.push(written);
  }
  return `[${parts.join(',')}]`;
}
