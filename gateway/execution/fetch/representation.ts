import { kindOf } from '../../../runtime/kind-of.ts';
import { type Requirement, type Rewrite, typenameRequirement } from '../../planning/plan.ts';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import { Failure, type NeededMisfit, notAsked, withoutSteps, withoutTail } from '../failure.ts';
import { jsonText, quote } from '../json-text.ts';
import { hasLostDigits } from '../lost-digits.ts';
import { isResponseObject, type ResponseObject, typenameOf } from '../response-data.ts';
import { compileRewrites } from './rewrite.ts';

/** The distinct representations of the entities that one request is about, in the order in which they were met. */
export interface Representations {
  /** JSON texts. */
  readonly texts: readonly string[];
  /**
   * @returns which of the texts is the entity's; the failure that took a required field away, which is `notAsked` where
   *   nobody knows it; or undefined where the entity cannot be asked for
   */
  indexOf(entity: ResponseObject): number | Failure | undefined;
  /** What a representation of the entity would lack; nothing where it is not to be asked for at all. */
  lackingOf(entity: ResponseObject): Lacking;
  /** Which of the texts is the entity's with null in the place of what is lacking. */
  indexWithout(entity: ResponseObject, lacking: Lacking): number | undefined;
}

/** Why fields that are required of an object of a type cannot be given, by their names in its representation. */
export interface Lacking {
  readonly type: string | undefined;
  readonly fields: ReadonlyMap<string, Failure>;
}

/**
 * A representation is left out when the entity's type needs nothing from this subgraph, when a required field has failed or
 * nobody knows it, or when every required field is null: a key of nulls identifies nothing. A null among other values is
 * sent.
 */
export function compileRepresentations(
  requires: readonly Requirement[],
  rewrites: readonly Rewrite[],
  types: TypeIndex,
): () => Representations {
  const onlyType = soleTypeCondition(requires);
  const writers = new Map<string, Writer>();
  const rewrite = rewrites.length > 0 ? compileRewrites(rewrites, types) : undefined;
  const typeOf = (entity: ResponseObject) => typenameOf(entity) ?? onlyType;
  const writerOf = (entity: ResponseObject): Writer | undefined => {
    const typename = typeOf(entity);
    if (typename === undefined) return undefined;
    const known = writers.get(typename);
    if (known) return known;
    const writer = compileObject(requires, typename, types);
    // Names come from subgraphs: only those that the schema knows are worth remembering.
    if (types.possible(typename).size > 0) writers.set(typename, writer);
    return writer;
  };
  return () => new RepresentationList(writerOf, typeOf, rewrite);
}

interface Writer {
  readonly write: (value: ResponseObject) => string | Failure | undefined;
  readonly lackingOf: (value: ResponseObject) => ReadonlyMap<string, Failure>;
  readonly writeWithout: (value: ResponseObject, lacking: Lacking['fields']) => string | undefined;
  /** The required fields, the last of which mostly tells entities apart. */
  readonly sources: readonly string[];
}

class RepresentationList implements Representations {
  readonly texts: string[] = [];
  readonly #writerOf: (entity: ResponseObject) => Writer | undefined;
  readonly #typeOf: (entity: ResponseObject) => string | undefined;
  readonly #rewrite: ((value: ResponseObject) => void) | undefined;
  readonly #byText = new Map<string, number>();
  /** An entity that was met with each text, by the value of its last required field: the text need not be made again. */
  readonly #met = new Map<Writer, Map<unknown, { readonly entity: ResponseObject; readonly index: number }>>();

  constructor(
    writerOf: (entity: ResponseObject) => Writer | undefined,
    typeOf: (entity: ResponseObject) => string | undefined,
    rewrite: ((value: ResponseObject) => void) | undefined,
  ) {
    this.#writerOf = writerOf;
    this.#typeOf = typeOf;
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

  lackingOf(entity: ResponseObject): Lacking {
    return { type: this.#typeOf(entity), fields: this.#writerOf(entity)?.lackingOf(entity) ?? new Map() };
  }

  indexWithout(entity: ResponseObject, { fields }: Lacking): number | undefined {
    const written = this.#writerOf(entity)?.writeWithout(entity, fields);
    if (written === undefined) return undefined;
    return this.#indexOfText(this.#rewrite ? rewriteText(written, this.#rewrite) : written);
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

/** Where a representation takes a value from. */
interface NeededPlace {
  /** From the entity down. */
  readonly keys: readonly string[];
  readonly field: string;
}

/** Some subgraph was asked for it and did not say it, not even as null: without it another entity might be found. */
const leftOut = ({ keys, field }: NeededPlace): Failure =>
  misfit('A subgraph left out what is needed to ask for this field.', {
    keys,
    field,
    expected: 'a value',
    given: kindOf(undefined),
  });

/** It would be read as …992 for …993: another entity's. */
const lostDigits = ({ keys, field }: NeededPlace): Failure =>
  misfit('A subgraph sent an ID as a number beyond 2^53, which loses its last digits: it has to send text.', {
    keys,
    field,
    expected: kindOf(''),
    given: 'a number beyond 2^53',
  });

const misfit = (message: string, needed: NeededMisfit) =>
  new Failure([{ message, extensions: { code: 'SUBGRAPH_MALFORMED_RESPONSE', retryable: false }, below: [], needed }]);

type WriteNeeded = (value: unknown) => string | Failure;

function textOf(field: string, typename: string, place: NeededPlace, types: TypeIndex): WriteNeeded {
  return types.isId(typename, field) ? idText(place) : jsonText;
}

function idText(place: NeededPlace): WriteNeeded {
  return (value) => {
    if (typeof value === 'string') return quote(value);
    return [value].flat(Infinity).some(hasLostDigits) ? lostDigits(place) : jsonText(value);
  };
}

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
  const fields = collected.map(({ source, key, selections }) => {
    const place = { keys: [source], field: `${typename}.${key}` };
    return {
      source,
      key,
      place,
      prefix: `,${quote(key)}:`,
      write:
        selections.length > 0 ? compileNested(selections, place.keys, types) : textOf(source, typename, place, types),
    };
  });
  const head = `{"__typename":${quote(typename)}`;
  const write = (value: ResponseObject) => {
    let text = head;
    let identifies = false;
    for (const one of fields) {
      const { source, prefix, write } = one;
      const field = value[source];
      if (field === undefined) return leftOut(one.place);
      if (field instanceof Failure) return field;
      if (field !== null) identifies = true;
      const written = write(field);
      if (typeof written !== 'string') return withoutSteps(written);
      text += prefix + written;
    }
    return identifies ? `${text}}` : undefined;
  };
  const lackingOf = (value: ResponseObject) => {
    const lacking = new Map<string, Failure>();
    for (const { source, key, place, write } of fields) {
      const field = value[source];
      if (field instanceof Failure) {
        lacking.set(key, withoutTail(field));
        continue;
      }
      const written = field === undefined ? leftOut(place) : write(field);
      if (written instanceof Failure) lacking.set(key, withoutSteps(written));
    }
    return lacking;
  };
  const writeWithout = (value: ResponseObject, lacking: Lacking['fields']) => {
    const identifies = fields.some(({ source, key }) => !lacking.has(key) && value[source] !== null);
    const members = fields.map(({ source, key, prefix, write }) =>
      lacking.has(key) ? `${prefix}null` : `${prefix}${write(value[source])}`,
    );
    return identifies ? `${head}${members.join('')}}` : undefined;
  };
  return { write, lackingOf, writeWithout, sources: fields.map(({ source }) => source) };
}

/** A nested object may lack fields (another type's, or null from its subgraph): what is there is sent. */
function compileNested(selections: readonly Requirement[], above: readonly string[], types: TypeIndex): WriteNeeded {
  const byType = new Map<string, readonly NestedField[]>();
  // What depends on the type is read by it: the planner leaves the type itself out.
  const told = selections.some(({ kind }) => kind === 'types') ? [typenameRequirement, ...selections] : selections;
  const fieldsFor = (type: string): readonly NestedField[] => {
    const known = byType.get(type);
    if (known) return known;
    const collected = collect(told, type, types);
    const fields = collected.map(({ source, key, selections: below }) => {
      const place = { keys: [...above, source], field: type === '' ? key : `${type}.${key}` };
      return {
        source,
        place,
        prefix: `${quote(key)}:`,
        write: below.length > 0 ? compileNested(below, place.keys, types) : textOf(source, type, place, types),
      };
    });
    if (type === '' || types.possible(type).size > 0) byType.set(type, fields);
    return fields;
  };
  const write: WriteNeeded = (value) => {
    if (value instanceof Failure) return value;
    if (Array.isArray(value)) return writeList(value, write);
    if (!isResponseObject(value)) return 'null';
    return writeNested(value, fieldsFor(typenameOf(value) ?? ''));
  };
  return write;
}

interface NestedField {
  readonly source: string;
  readonly place: NeededPlace;
  readonly prefix: string;
  readonly write: WriteNeeded;
}

function writeNested(value: ResponseObject, fields: readonly NestedField[]): string | Failure {
  const parts: string[] = [];
  for (const one of fields) {
    const { source, prefix, write } = one;
    const field = value[source];
    if (field === notAsked) continue;
    if (field === undefined) return leftOut(one.place);
    const written = field instanceof Failure ? field : write(field);
    if (typeof written !== 'string') return written;
    parts.push(prefix + written);
  }
  return `{${parts.join(',')}}`;
}

function writeList(values: readonly unknown[], write: WriteNeeded): string | Failure {
  const parts: string[] = [];
  for (const value of values) {
    const written = write(value);
    if (typeof written !== 'string') return written;
    parts.push(written);
  }
  return `[${parts.join(',')}]`;
}
