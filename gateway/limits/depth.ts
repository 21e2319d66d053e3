import { refuse } from '../request-error.ts';
import type { SizeLimit } from './limit.ts';

export const limitDepth: SizeLimit = ({ depth }, { maxDepth }) =>
  depth <= maxDepth
    ? undefined
    : refuse(
        400,
        'DEPTH_LIMIT_EXCEEDED',
        `The operation has ${depth} levels; ${maxDepth} are allowed. Ask for less at once, or page through it.`,
      );
