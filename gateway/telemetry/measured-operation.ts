import type { CompiledOperation, EventStream } from '../execution/compiled-operation.ts';
import { RequestError } from '../request/request-error.ts';
import type { Metrics } from './metrics.ts';
import { type WatchRun, watchedRuns } from './watched-runs.ts';

/** The same operation, with its runs and its events counted. */
export function measuredOperation(operation: CompiledOperation, metrics: Metrics): CompiledOperation {
  const watch: WatchRun = async (context, work, errorsOf) => {
    const ended = metrics.operationStarted(operation.kind);
    try {
      const answer = await work(context);
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
    ...watchedRuns(operation, watch),
    stream: async (variables, principal) => measuredStream(await operation.stream(variables, principal), metrics),
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
