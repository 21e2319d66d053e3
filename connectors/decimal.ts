/**
 * Exact decimal numbers as text, the way systems print them: `12.500`. Sums keep the larger number of decimal places,
 * so that nothing is rounded and nothing goes through a binary float.
 */
interface Decimal {
  readonly digits: bigint;
  /** Decimal places. */
  readonly scale: number;
}

const decimalPattern = /^-?\d{1,30}(\.\d{1,15})?$/;

export function isDecimal(text: string): boolean {
  return decimalPattern.test(text);
}

export function addDecimals(...terms: readonly string[]): string {
  return print(terms.map(parse).reduce(add, { digits: 0n, scale: 0 }));
}

export function subtractDecimals(from: string, amount: string): string {
  const { digits, scale } = parse(amount);
  return print(add(parse(from), { digits: -digits, scale }));
}

/** @returns a negative number when `a` is less than `b`, zero when they are equal (`1.0` and `1` are), else a positive one */
export function compareDecimals(a: string, b: string): number {
  const { digits } = parse(subtractDecimals(a, b));
  if (digits === 0n) return 0;
  return digits < 0n ? -1 : 1;
}

/** Callers check `isDecimal` where the text comes from outside; anything else here is our bug. */
function parse(text: string): Decimal {
  if (!isDecimal(text)) throw new Error(`${JSON.stringify(text)} is not a decimal number.`);
  const [whole = '0', fraction = ''] = text.split('.');
  return { digits: BigInt(whole + fraction), scale: fraction.length };
}

function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: raise(a, scale) + raise(b, scale), scale };
}

function raise({ digits, scale }: Decimal, toScale: number): bigint {
  return digits * 10n ** BigInt(toScale - scale);
}

function print({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  if (scale === 0) return sign + text;
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}
