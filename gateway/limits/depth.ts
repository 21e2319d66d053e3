import { refuse } from '../request/request-error.ts';
import type { SizeLimit } from './limit.ts';

/** Fragments in fragments, for each level of fields: what walks through them does so level by level. */
const fragmentsPerLevel = 8;

export const limitDepth: SizeLimit = ({ depth, nesting }, { maxDepth }) => {
  if (depth > maxDepth) {
    const remedy = 'Ask for less at once, or page through it.';
    return tooDeep(`The operation has ${depth} levels; ${maxDepth} are allowed. ${remedy}`);
  }
  const maxNesting = fragmentsPerLevel * maxDepth;
  if (nesting <= maxNesting) return undefined;
  const remedy = 'Put fewer fragments into one another.';
  return tooDeep(`The operation has ${nesting} levels with its fragments; ${maxNesting} are allowed. ${remedy}`);
};

const tooDeep = (message: string) => refuse(400, 'DEPTH_LIMIT_EXCEEDED', message);
