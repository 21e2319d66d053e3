import { refuse } from '../request/request-error.ts';
import type { SizeLimit } from './limit.ts';

export const limitAliases: SizeLimit = ({ aliases }, { maxAliases }) =>
  aliases <= maxAliases
    ? undefined
    : refuse(
        400,
        'ALIAS_LIMIT_EXCEEDED',
        `The operation has ${aliases} aliases; ${maxAliases} are allowed. Send several requests.`,
      );
