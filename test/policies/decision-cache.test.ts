import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecisionCache } from '../../policies/decision-cache.ts';

describe('remembered decisions', () => {
  it('are never those of another question', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (asked) => {
        const cache = createDecisionCache<{ n: number }>(10);
        for (const n of asked) expect(cache.get(`${n}`, () => ({ n })).n).toBe(n);
      }),
    );
  });

  it('are kept while they are used, and forgotten when others push them out', () => {
    const cache = createDecisionCache<object>(10);
    let decided = 0;
    const ask = (key: string) =>
      cache.get(key, () => {
        decided += 1;
        return {};
      });
    for (let i = 0; i < 100; i += 1) {
      ask('often');
      ask(`once-${i}`);
    }
    expect(decided).toBe(101);
    ask('once-0');
    expect(decided).toBe(102);
  });
});
