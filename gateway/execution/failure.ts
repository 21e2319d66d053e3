import type { GraphQLFormattedError } from 'graphql';
import { clientKey } from '../planning/selected-keys.ts';

export type ResponsePath = readonly (string | number)[];

/**
 * An answer carries this many errors at most, and so many of one subgraph's are read: a failed subgraph below a long list,
 * or one that floods, must not grow it without bound.
 */
export const maxErrors = 1000;

/** Why a field has no value, without its place: the place is known when the response is written. */
export interface FieldError {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
  /** Steps below the field to where the error really happened: a null that a subgraph already propagated upwards. */
  readonly below: ResponsePath;
  /**
   * Steps below the object that holds the field to where the error really happened, where that is another of its fields: a
   * null that must not be took the whole object away.
   */
  readonly elsewhere?: ResponsePath;
  /** What is wrong with a value that is needed to ask for the field, for the log. */
  readonly needed?: NeededMisfit;
}

/** A value that does not fit, at `keys` below an object that some subgraph is to be asked about. */
export interface NeededMisfit {
  readonly keys: readonly string[];
  /** `Type.field`. */
  readonly field: string;
  readonly expected: string;
  readonly given: string;
}

/**
 * Stands in the response where a subgraph owed a value. It is merged, renamed and shared like the value would have
 * been, so that the writer finds it at every place of the response where the value is missing, and only where a client
 * asked for it: that gives each error its exact path.
 */
export class Failure {
  // A field behind `#` cannot be mistaken for response data by code that looks names up.
  #errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    this.#errors = errors;
  }

  static errorsOf(failure: Failure): readonly FieldError[] {
    return failure.#errors;
  }

  static add(failure: Failure, error: FieldError): void {
    failure.#errors = [...failure.#errors, error];
  }
}

/** The failure as a field of another object has it because of the first one: the steps from there lead nowhere here. */
export function withoutSteps(failure: Failure): Failure {
  const errors = Failure.errorsOf(failure);
  if (errors.every(({ below, elsewhere }) => below.length === 0 && elsewhere === undefined)) return failure;
  return new Failure(errors.map(({ message, extensions }) => ({ message, extensions, below: [] })));
}

/** The failure as another field of the same object has it because of the first one. */
export function withoutTail(failure: Failure): Failure {
  const errors = Failure.errorsOf(failure);
  if (errors.every(({ below }) => below.length === 0)) return failure;
  return new Failure(errors.map((error) => ({ ...error, below: [] })));
}

export function formatFieldError(error: FieldError, path: ResponsePath): GraphQLFormattedError {
  const below = error.below.map((step) => (typeof step === 'string' ? clientKey(step) : step));
  return { message: error.message, path: [...path, ...below], extensions: { ...error.extensions } };
}

/**
 * Stands where a subgraph owes no value: it does not know the entity, or nobody could ask it because a key is null. It
 * is written as null, without an error.
 */
export const notAsked = new Failure([]);

/**
 * Where an object keeps why its type never came: an entity of an interface object, whose type another subgraph was to
 * tell. No response key can be mistaken for it.
 */
export const untoldType = Symbol('untold type');
