import { refuse } from '../request/request-error.ts';
import type { SizeLimit } from './limit.ts';

/** `__proto__` is the one name under which JavaScript objects keep something else than what is put there. */
export const limitResponseNames: SizeLimit = ({ hasReservedName }) =>
  hasReservedName
    ? refuse(
        400,
        'GRAPHQL_VALIDATION_FAILED',
        'The name __proto__ cannot be used for fields and variables. Choose another.',
      )
    : undefined;
