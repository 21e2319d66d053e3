import type { CompiledOperation, EventStream } from '../execution/compiled-operation.ts';
import type { Coded } from '../request/access-entry.ts';
import { RequestError } from '../request/request-error.ts';
import type { Metrics } from './metrics.ts';

/** The same operation, with its runs and its events counted. */
export function measuredOperation(operation: CompiledOperation, metrics: Metrics): CompiledOperation {
  const { executeIncrementally } = operation;
  const run = async <T>(work: () => Promise<T>, errorsOf: (answer: T) => readonly Coded[]): Promise<T> => {
    const ended = metrics.operationStarted(operation.kind);
    try {
      const answer = await work();
      const errors = errorsOf(answer);
      ended(errors.length > 0 ? 'errors' : 'ok');
      return answer;
    } catch (cause) {
      ended(outcomeOf(cause));
      throw cause;
    }
  };
  return {
    ...operation,
    execute: (variables, context) =>
      run(
        () => operation.execute(variables, context),
        ({ errors }) => errors,
      ),
    stream: async (variables, principal) => measuredStream(await operation.stream(variables, principal), metrics),
    // Until its first part: what is deferred is meant to come late.
    executeIncrementally:
      executeIncrementally &&
      ((variables, context) =>
        run(
          () => executeIncrementally(variables, context),
          ({ first }) => first.errors,
        )),
  };
}

/** Prepares one text, counted. */
export async function measuredPreparation<T>(metrics: Metrics, work: () => Promise<T>): Promise<T> {
  const ended = metrics.preparationStarted();
  try {
    const made = await work();
    ended('ok');
    return made;
  } catch (cause) {
    ended(outcomeOf(cause));
    throw cause;
  }
}

function measuredStream(stream: EventStream, metrics: Metrics): EventStream {
  return {
    ...stream,
    async answer(event, context) {
      const answer = await stream.answer(event, context);
      metrics.eventAnswered();
      return answer;
    },
  };
}

const outcomeOf = (cause: unknown) => (cause instanceof RequestError ? 'refused' : 'failed');
