import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedCache } from '../../runtime/bounded-cache.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const weight = fc.integer({ min: 1, max: 12 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, weight }),
  fc.record({ kind: fc.constant('reweigh' as const), key, weight }),
  fc.record({ kind: fc.constant('get' as const), key }),
  fc.record({ kind: fc.constant('delete' as const), key }),
);
const limit = 20;

test('a cache never weighs more than its limit nor has more entries, and forgets what was used longest ago first', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, mostEntries) => {
      const cache = new BoundedCache<string>(limit, mostEntries);
      // What was used last stands last.
      let model: { key: string; weight: number }[] = [];
      const forget = () => {
        const weightOf = () => model.reduce((sum, entry) => sum + entry.weight, 0);
        while (weightOf() > limit || model.length > mostEntries) model.shift();
      };
      for (const one of steps) {
        const known = model.find((entry) => entry.key === one.key);
        if (one.kind === 'get') {
          expect(cache.get(one.key)).toBe(known && one.key);
          if (known) model = [...model.filter((entry) => entry !== known), known];
        } else if (one.kind === 'delete') {
          cache.delete(one.key);
          model = model.filter((entry) => entry !== known);
        } else if (one.kind === 'set') {
          cache.set(one.key, one.key, one.weight);
          model = [...model.filter((entry) => entry !== known), { key: one.key, weight: one.weight }];
        } else {
          cache.reweigh(one.key, one.weight);
          if (known) known.weight = one.weight;
        }
        forget();
        expect([...cache.values()]).toEqual(model.map((entry) => entry.key));
      }
    }),
  );
});

test('what outweighs the whole cache is not kept and pushes nothing out', () => {
  const cache = new BoundedCache<number>(10);
  cache.set('small', 1, 9);
  cache.set('large', 2, 11);
  expect(cache.get('small')).toBe(1);
  expect(cache.get('large')).toBeUndefined();
});
