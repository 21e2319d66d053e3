import type { CompiledOperation } from '../execution/compiled-operation.ts';
import { type WatchRun, watchedRuns } from './watched-runs.ts';

/** The same operation, whose runs the access log is told of. Streams are told of where they are opened. */
export function loggedOperation(operation: CompiledOperation): CompiledOperation {
  const watch: WatchRun = async (context, work, errorsOf) => {
    context.entry?.ran(operation);
    const answer = await work(context);
    context.entry?.told(errorsOf(answer));
    return answer;
  };
  return { ...operation, ...watchedRuns(operation, watch) };
}
