import type { GraphQLFormattedError } from 'graphql';

/** An id is kept and sent back with every event. The protocols set no limit, so passing ours ends only that operation. */
const maxLength = 512;

export const isTooLong = (operationId: string) => operationId.length > maxLength;

export const idTooLong = {
  message: `The id of an operation has at most ${maxLength} characters. Choose a shorter one.`,
  extensions: { code: 'OPERATION_ID_TOO_LONG' },
} satisfies GraphQLFormattedError;
