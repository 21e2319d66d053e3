import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDecimals, compareDecimals, isDecimal, subtractDecimals } from '../../connectors/decimal.ts';

/** A decimal with at most four places, and the same as a whole number of ten-thousandths. */
const decimal = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).chain((digits) =>
  fc.constantFrom(0, 1, 2, 3, 4).map((scale) => {
    const sign = digits < 0n ? '-' : '';
    const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
    return {
      text: sign + (scale ? `${text.slice(0, -scale)}.${text.slice(-scale)}` : text),
      units: digits * 10n ** BigInt(4 - scale),
    };
  }),
);

describe('exact decimals', () => {
  test('add what a binary float cannot', () => {
    expect(addDecimals('0.1', '0.2')).toBe('0.3');
    expect(addDecimals('12.500', '1')).toBe('13.500');
    expect(subtractDecimals('1', '1.25')).toBe('-0.25');
    expect(compareDecimals('1.0', '1')).toBe(0);
  });

  test('a sum minus one term is the other term, whatever their size', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(compareDecimals(subtractDecimals(addDecimals(a.text, b.text), b.text), a.text)).toBe(0);
      }),
    );
  });

  test('compare as numbers do', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const expected = a.units === b.units ? 0 : a.units < b.units ? -1 : 1;
        expect(compareDecimals(a.text, b.text)).toBe(expected);
      }),
    );
  });

  test('what is no decimal is recognised', () => {
    for (const text of ['', '1,5', '1e3', '.5', '5.', 'NaN', ' 1', '0x10']) expect(isDecimal(text)).toBe(false);
    expect(() => addDecimals('1', 'x')).toThrow('"x" is not a decimal number.');
  });
});
