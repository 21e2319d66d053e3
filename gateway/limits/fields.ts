import { refuse } from '../request/request-error.ts';
import type { SizeLimit } from './limit.ts';

export const limitFields: SizeLimit = ({ fields }, { maxFields }) =>
  fields <= maxFields
    ? undefined
    : refuse(
        400,
        'FIELD_LIMIT_EXCEEDED',
        `The operation has ${fields} fields; ${maxFields} are allowed. Ask for less at once.`,
      );
