import type { GraphQLFormattedError } from 'graphql';
import { kindOf } from '../../../runtime/kind-of.ts';
import { selectedKey } from '../../planning/selected-keys.ts';
import { Failure, formatFieldError, maxErrors, notAsked, type ResponsePath } from '../failure.ts';
import { unknownObject, whose } from '../misfit.ts';
import type { Run } from '../run.ts';
import type { SelectedSteps } from './selected-steps.ts';

/** What was merged while a plan ran. */
export type MergedData = Pick<Run, 'errors' | 'isPlain' | 'sharesObjects'>;

/** Knows where values came from, and is told which of them do not fit. */
export type DataOrigin = Pick<Run, 'giversOf' | 'misfit'>;

/**
 * Writes the value at `depth` of the path. `undefined` says that the value is null at a place that must not be null,
 * so that the parent becomes null.
 */
export type Write = (value: unknown, depth: number, run: WriteRun) => string | undefined;

/** The state of one writing: the path is kept as it goes and copied only when an error needs it. */
export class WriteRun {
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

  readonly #origin: DataOrigin;

  constructor({ errors, isPlain, sharesObjects }: MergedData, origin: DataOrigin) {
    this.errors = [...errors];
    this.isPlain = isPlain;
    this.sharesObjects = sharesObjects;
    this.#origin = origin;
  }

  fail(failure: Failure, depth: number, { siblings, below }: Pick<Position, 'siblings' | 'below'>): void {
    this.refusals += 1;
    const path = this.path.slice(0, depth);
    for (const error of Failure.errorsOf(failure)) {
      const culprit = siblings(error.elsewhere ?? []);
      const told = below(error.below);
      if (culprit.length > 0) this.#addOnce(formatFieldError({ ...error, below: culprit }, path.slice(0, -1)));
      else if (this.#blamed || told.length < error.below.length)
        this.#addOnce(formatFieldError({ ...error, below: told }, path));
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

  malformed(position: Position, depth: number, value: unknown): void {
    this.#misfit(position, depth, { code: 'SUBGRAPH_MALFORMED_RESPONSE', value }, (who) => {
      return `${who} gave a value for ${position.coordinate} that does not fit its type ${position.type}.`;
    });
  }

  /** A field that its subgraph was asked for and did not answer, not even with null. */
  leftOut(position: Position, depth: number): void {
    const said = { code: 'SUBGRAPH_MALFORMED_RESPONSE', value: undefined };
    this.#misfit(position, depth, said, (who) => `${who} left out ${position.coordinate}.`);
  }

  /**
   * A null that nobody explained. Where an error at, above or below the place is known, that one explains it.
   * @param value in its place: `notAsked` where a subgraph does not know the object, which it may well not
   */
  missing(position: Position, depth: number, value: unknown): void {
    const path = this.path.slice(0, depth);
    if (this.errors.some((error) => error.path && overlaps(error.path, path))) {
      this.refusals += 1;
      return;
    }
    this.#misfit(position, depth, { code: 'NULL_FOR_NON_NULL', value }, () => {
      return `Cannot return null for non-nullable field ${position.coordinate}.`;
    });
  }

  #misfit(
    { coordinate, type, service, isDisentangled }: Position,
    depth: number,
    { code, value }: { readonly code: string; readonly value: unknown },
    sentence: (who: string) => string,
  ): void {
    this.refusals += 1;
    if (this.errors.length >= maxErrors) return;
    const path = this.path.slice(0, depth);
    const names = path.filter((step) => typeof step === 'string');
    const asked = this.#origin.giversOf(isDisentangled ? names.map(selectedKey) : names, coordinate);
    const services = asked.length > 0 || service === undefined ? asked : [service];
    const given = value === notAsked ? unknownObject : kindOf(value);
    this.#origin.misfit({ services, path, field: coordinate, expected: type, given });
    const who = services.length > 0 ? services.map((name) => `"${name}"`).join(' or ') : 'A subgraph';
    this.errors.push({ message: sentence(who), path, extensions: { code, ...whose(services), retryable: false } });
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
export interface Position {
  readonly coordinate: string;
  readonly type: string;
  /** The subgraph that alone resolves the field by the schema. */
  readonly service: string | undefined;
  /** See `WriterScope`. */
  readonly isDisentangled: boolean;
  /** Of the object that holds the field. */
  readonly siblings: SelectedSteps;
  /** Of the field's value. */
  readonly below: SelectedSteps;
}
