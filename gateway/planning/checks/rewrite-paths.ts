import type { EntityGroup, Rewrite } from '../plan.ts';

/** Paths of rewrites may begin with the key of the entities. */
export const withoutRoot = ({ alias, outputRewrites }: EntityGroup): readonly Rewrite[] =>
  outputRewrites.map((rewrite) => {
    const [first] = rewrite.path;
    return first?.kind === 'key' && first.name === alias ? { ...rewrite, path: rewrite.path.slice(1) } : rewrite;
  });

const keysOfPath = (path: Rewrite['path']) => path.flatMap((step) => (step.kind === 'key' ? [step.name] : []));

/** The key that stands where these keys lead, once the answer is rewritten. */
export function renamedKey(keys: readonly string[], rewrites: readonly Rewrite[]): string | undefined {
  const text = keys.join('/');
  for (const rewrite of rewrites) {
    if (rewrite.kind === 'rename' && keysOfPath(rewrite.path).join('/') === text) return rewrite.to;
  }
  return undefined;
}

/** Those of the field to which the keys lead, and of what is below it: from its object on. */
export function rewritesOf(wanted: readonly string[], rewrites: readonly Rewrite[]): readonly Rewrite[] {
  return rewrites.flatMap((rewrite) => {
    const found = keysOfPath(rewrite.path).slice(0, wanted.length);
    if (found.join('/') !== wanted.join('/')) return [];
    let left = wanted.length - 1;
    const from = rewrite.path.findIndex((step) => {
      if (step.kind === 'key') left -= 1;
      return left < 0 || (left === 0 && step.kind === 'types');
    });
    return [{ ...rewrite, path: rewrite.path.slice(from) }];
  });
}
