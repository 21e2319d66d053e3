import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestFirst } from '../../../subgraphs/reading/newest-first.ts';

const idOf = (row: { readonly id: string }) => row.id;
const rowsUpTo = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `r${index}` }));

describe('a list inside an entity', () => {
  it('gives every row once, the newest first, to whoever pages to its end', () => {
    fc.assert(
      fc.property(fc.nat(450), fc.integer({ min: 1, max: 200 }), (count, first) => {
        const rows = rowsUpTo(count);
        const found: { readonly id: string }[] = [];
        for (;;) {
          const page = newestFirst(rows, { first, after: found.at(-1)?.id ?? null }, idOf);
          expect(page.length).toBeLessThanOrEqual(first);
          found.push(...page);
          if (page.length < first) break;
        }
        expect(found).toEqual(rows.toReversed());
      }),
    );
  });

  it('gives fifty to whoever does not say how many, and never more than two hundred', () => {
    expect(newestFirst(rowsUpTo(60), {}, idOf)).toHaveLength(50);
    for (const first of [0, -1, 201])
      expect(() => newestFirst(rowsUpTo(60), { first }, idOf)).toThrow(
        expect.objectContaining({ code: 'BAD_PAGE_SIZE' }),
      );
  });

  it('says so when `after` is not in the list, rather than beginning somewhere', () => {
    expect(() => newestFirst(rowsUpTo(3), { after: 'elsewhere' }, idOf)).toThrow(
      expect.objectContaining({ code: 'INVALID_CURSOR' }),
    );
  });
});
