/** Remembers the decisions that were used last, and forgets the others. */
export interface DecisionCache<Value> {
  /** @returns what `decide` answered for this key before, or answers now */
  get(key: string, decide: () => Value): Value;
}

/**
 * Two generations: what is used moves to the young one, and when that is full it becomes the old one and the old one is
 * forgotten. A Map that is kept in order of use by deleting and inserting takes 30 times as long.
 *
 * @param limit the largest number of decisions that are remembered; the smallest, once there are so many, is half of it
 */
export function createDecisionCache<Value extends object>(limit: number): DecisionCache<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  return {
    get(key, decide) {
      const current = young.get(key);
      if (current) return current;
      const value = old.get(key) ?? decide();
      if (young.size >= limit / 2) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
      return value;
    },
  };
}
