/** Of the names that are known, those that are most like `name`, the nearest first, each once. */
export function nearestNames(
  name: string,
  known: Iterable<string>,
  { maxDistance = Number.POSITIVE_INFINITY }: { readonly maxDistance?: number } = {},
): readonly string[] {
  return [...new Set(known)]
    .map((other) => ({ other, distance: distanceOf(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ distance }) => distance <= maxDistance)
    .sort((a, b) => a.distance - b.distance)
    .map(({ other }) => other);
}

/** For a name that is not known: a sentence with the one that was probably meant, after a space; empty where none is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const [nearest] = nearestNames(name, known, { maxDistance: Math.ceil(name.length / 3) });
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
}

/** How many letters have to be written, left out or exchanged to make one of the other (Levenshtein). */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at += 1) {
      const exchanged = (row[at - 1] ?? 0) + (to[at - 1] === letter ? 0 : 1);
      next.push(Math.min(exchanged, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
