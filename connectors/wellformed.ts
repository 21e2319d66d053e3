import { isDecimal } from './decimal.ts';

/** What text from outside may look like, whoever checks it: Andon before it asks a system, and a reference system itself. */

const codePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._/#+-]*[A-Za-z0-9])?$/;
/** C0 without tab and line breaks, DEL, C1, lone surrogates, and what turns the direction of the text after it. */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** A number or code that people type and print: a lot number, a reason code. */
export function isCode(text: string, longest: number): boolean {
  return text.length <= longest && codePattern.test(text);
}

/** Text that can be stored, printed and read as it is. */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

/** UNECE Recommendation 20 codes of what is counted, not measured: piece, one, each, pair, dozen, set. */
const counted: readonly string[] = ['H87', 'C62', 'EA', 'PR', 'DZN', 'SET'];

/** Whether the amount can be counted in the unit; what is measured may have decimal places. */
export function fitsUnit(value: string, unit: string): boolean {
  // Recommendation 21: X and two characters is a kind of package.
  const isCounted = counted.includes(unit) || /^X[A-Z0-9]{2}$/.test(unit);
  return !isCounted || /^-?\d+(\.0+)?$/.test(value);
}

/** At most 15 digits before the point and 6 after it: more than any plant measures, and exact in every system. */
export function isAmount(value: string): boolean {
  return isDecimal(value) && /^-?\d{1,15}(\.\d{1,6})?$/.test(value);
}
