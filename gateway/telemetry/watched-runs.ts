import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { Coded } from '../request/access-entry.ts';
import type { RequestContext } from '../request/request-context.ts';

/** Runs `work` once, with the context that it is given, and tells of it. */
export type WatchRun = <T>(
  context: RequestContext,
  work: (context: RequestContext) => Promise<T>,
  errorsOf: (answer: T) => readonly Coded[],
) => Promise<T>;

/** The runs of an operation, each watched. One that is answered in parts until its first: what is deferred is meant to come late. */
export function watchedRuns(
  { execute, executeIncrementally }: CompiledOperation,
  watch: WatchRun,
): Pick<CompiledOperation, 'execute' | 'executeIncrementally'> {
  return {
    execute: (variables, context) =>
      watch(
        context,
        (its) => execute(variables, its),
        ({ errors }) => errors,
      ),
    executeIncrementally:
      executeIncrementally &&
      ((variables, context) =>
        watch(
          context,
          (its) => executeIncrementally(variables, its),
          ({ first }) => first.errors,
        )),
  };
}
