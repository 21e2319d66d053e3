import { refuse } from '../request/request-error.ts';
import type { SizeLimit } from './limit.ts';

export const limitRootFields: SizeLimit = ({ rootFields }, { maxRootFields }) =>
  rootFields <= maxRootFields
    ? undefined
    : refuse(
        400,
        'ROOT_FIELD_LIMIT_EXCEEDED',
        `The operation has ${rootFields} root fields; ${maxRootFields} are allowed. Send several requests.`,
      );
