import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { AccessEntry } from '../request/access-entry.ts';

/** The same operation, whose runs the access log is told of. Streams are told of where they are opened. */
export function loggedOperation(operation: CompiledOperation): CompiledOperation {
  const { executeIncrementally } = operation;
  const tell = (entry: AccessEntry | undefined) => entry?.ran(operation);
  return {
    ...operation,
    async execute(variables, context) {
      tell(context.entry);
      const answer = await operation.execute(variables, context);
      context.entry?.told(answer.errors);
      return answer;
    },
    executeIncrementally:
      executeIncrementally &&
      (async (variables, context) => {
        tell(context.entry);
        const answer = await executeIncrementally(variables, context);
        context.entry?.told(answer.first.errors);
        return answer;
      }),
  };
}
