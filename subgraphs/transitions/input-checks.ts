import { compareDecimals } from '../../connectors/decimal.ts';
import { fitsUnit, isAmount, isCode, isPrintable } from '../../connectors/wellformed.ts';
import { excerptOf } from '../excerpt-of.ts';
import type { OwningSystem, Rejection } from './rejection.ts';

/*
 * What may stand in the input of a transition. Whatever comes from outside is checked here, before anything is loaded or
 * recorded, so that no system and no list ever meets a number that it cannot print, page by, or give back.
 */

export interface InputContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** A workflow puts other people's words into a sentence of its own. */
  readonly isWorkflow: boolean;
}

/** @returns what the value must be, as in "must be …"; null when it is */
export type InputCheck<Value> = (value: Value, context: InputContext) => string | null;

/** One check for every field. A field that is not given is not checked. */
export type InputChecks<Input> = { readonly [Field in keyof Input]-?: InputCheck<NonNullable<Input[Field]>> };

/** For enums and yes or no, which the schema checks. */
export const asDeclared: InputCheck<unknown> = () => null;

const longestId = 1000;
const longestText = 4000;

/** An id of the graph; one that is no id of anything is answered like an unknown one. */
export const id: InputCheck<string> = (text) =>
  text.trim() !== '' && text.length <= longestId && isPrintable(text)
    ? null
    : `an id of the graph, of at most ${longestId} characters`;

export function listOfIds(most: number): InputCheck<readonly string[]> {
  return (given, context) =>
    given.length <= most && given.every((one) => id(one, context) === null) ? null : `at most ${most} ids of the graph`;
}

export function code(longest = 40): InputCheck<string> {
  return (text) =>
    isCode(text, longest)
      ? null
      : `1 to ${longest} letters, digits or any of . _ / # + - between them, without blanks and umlauts`;
}

/** Where a blank means that the system makes one up. */
export function codeOrBlank(longest: number): InputCheck<string> {
  const check = code(longest);
  return (text, context) => (text.trim() === '' ? null : check(text.trim(), context));
}

/** What people write. */
export const text: InputCheck<string> = (words, { isWorkflow }) => {
  const longest = isWorkflow ? 10 * longestText : longestText;
  return words.trim() !== '' && words.length <= longest && isPrintable(words)
    ? null
    : `1 to ${longest} characters, not only blanks, without control characters`;
};

/** A measured value; it may be negative. */
export const measured: InputCheck<string> = (value) =>
  /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? null : 'a number with at most 15 digits before the point and 15 after it';

interface Amount {
  readonly value: string;
  readonly unit: string;
}

export const amount: InputCheck<Amount> = ({ value, unit }) => {
  if (!/^[A-Z0-9]{2,3}$/.test(unit)) return 'in a unit of UNECE Recommendation 20, for example H87 or LTR';
  if (!isAmount(value)) return 'a number with at most 15 digits before the point and 6 after it';
  return fitsUnit(value, unit) ? null : `a whole number of ${unit}, which is counted`;
};

export const positiveAmount: InputCheck<Amount> = (given, context) =>
  amount(given, context) ?? (compareDecimals(given.value, '0') > 0 ? null : 'more than zero');

const yearMs = 365.25 * 24 * 60 * 60 * 1000;
const plannedYears = 10;

/** When something is planned for. */
export const plannedTime: InputCheck<string> = (instant, { now }) =>
  Math.abs(Date.parse(instant) - now) <= plannedYears * yearMs ? null : `within ${plannedYears} years from now`;

/** @returns every field that is not what it must be, as reasons to refuse the transition */
export function checkInput(
  checks: Readonly<Record<string, unknown>>,
  input: unknown,
  { system, path, ...context }: InputContext & { readonly system: OwningSystem; readonly path: 'input' | 'meta' },
): readonly Rejection[] {
  return Object.entries((input ?? {}) as Readonly<Record<string, unknown>>).flatMap(([field, value]) => {
    const check = checks[field] as InputCheck<unknown> | undefined;
    if (!check) throw new Error(`Nothing says what may stand in ${path}.${field}.`);
    if (value === null || value === undefined) return [];
    const expected = check(value, context);
    return expected === null ? [] : [inputRejection(system, `${path}.${field}`, expected, value)];
  });
}

export const printable =
  (longest: number): InputCheck<string> =>
  (given) =>
    given.length <= longest && isPrintable(given) ? null : `at most ${longest} printable characters`;

function inputRejection(system: OwningSystem, field: string, expected: string, given: unknown): Rejection {
  return {
    code: 'INPUT_INVALID',
    system,
    guard: 'input',
    message: `${field} must be ${expected}; it is ${excerptOf(given)}.`,
    remediation: 'Correct it and ask again; the same key may be used.',
    blockingRef: null,
  };
}
