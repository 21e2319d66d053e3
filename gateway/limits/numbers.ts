import { refuse } from '../request/request-error.ts';
import type { SizeLimit } from './limit.ts';

/** The planner reads numbers of 64 bits; only scalars that are no numbers (ID) take longer ones. */
export const limitNumbers: SizeLimit = ({ hasHugeNumber }) =>
  hasHugeNumber
    ? refuse(400, 'BAD_USER_INPUT', 'A number has more than 64 bits. Write it as text, or send it in a variable.')
    : undefined;
