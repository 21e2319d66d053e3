import type { IncomingMessage } from 'node:http';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import { refuse } from '../request/request-error.ts';

/** Any page can have a browser send a GET. @throws RequestError 405 */
export function refuseMutationOverGet(
  { method }: IncomingMessage,
  operation: Pick<CompiledOperation, 'kind'> | undefined,
): void {
  if (method !== 'GET' || operation?.kind !== 'mutation') return;
  throw refuse(405, 'METHOD_NOT_ALLOWED', 'Send mutations with POST.');
}
