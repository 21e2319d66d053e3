import { refuse } from '../request/request-error.ts';
import type { SizeLimit } from './limit.ts';

export const limitDirectives: SizeLimit = ({ directives }, { maxDirectives }) =>
  directives <= maxDirectives
    ? undefined
    : refuse(
        400,
        'DIRECTIVE_LIMIT_EXCEEDED',
        `The operation has ${directives} directives; ${maxDirectives} are allowed. Remove what repeats.`,
      );
