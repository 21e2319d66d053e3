import type { GraphQLFormattedError } from 'graphql';
import type { OperationAnswer } from './execution/compile-operation.ts';

/** The JSON text of a whole response around data that is JSON text already. */
export function writeResponseBody({ data, errors, sources }: OperationAnswer): string {
  const head = errors.length > 0 ? `{"errors":${JSON.stringify(errors)},"data":` : '{"data":';
  return `${head}${data}${sources.length > 0 ? `,"extensions":${JSON.stringify({ sources })}` : ''}}`;
}

/** The JSON text of a response that has errors only: the operation never ran. */
export function writeErrorBody(errors: readonly GraphQLFormattedError[]): string {
  return JSON.stringify({ errors });
}
