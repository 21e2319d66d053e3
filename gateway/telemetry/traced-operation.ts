import type { CompiledOperation, EventStream } from '../execution/compiled-operation.ts';
import type { Coded } from '../request/access-entry.ts';
import { RequestError } from '../request/request-error.ts';
import type { Span, SpanAttributes, SpanStart, Tracer } from '../request/span.ts';
import { tellErrors } from './told-errors.ts';
import { type WatchRun, watchedRuns } from './watched-runs.ts';

/**
 * The same operation, with a span for each run and for each event of its stream
 * (https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/). Neither its text nor its variables are told.
 */
export function tracedOperation(operation: CompiledOperation, tracer: Tracer): CompiledOperation {
  const start: SpanStart = { name: operation.kind, kind: 'server', attributes: attributesOf(operation) };
  // Of an answer in parts it ends with the first; the calls for the others stand below it nevertheless.
  const watch: WatchRun = (context, work, errorsOf) => {
    const span = context.span ? context.span.child(start) : tracer.start(start);
    return observed(span, () => work({ ...context, span }), errorsOf);
  };
  return {
    ...operation,
    ...watchedRuns(operation, watch),
    stream: async (variables, principal) =>
      tracedStream(await operation.stream(variables, principal), attributesOf(operation), tracer),
  };
}

/** Prepares one text, in the trace of who sent it first. What nobody sent is part of none. */
export function tracedPreparation(
  span: Span | undefined,
  work: () => Promise<CompiledOperation>,
): Promise<CompiledOperation> {
  if (!span) return work();
  const its = span.child({ name: 'prepare', kind: 'internal' });
  const told = async () => {
    const operation = await work();
    its.tell(attributesOf(operation));
    return operation;
  };
  return observed(its, told, () => []);
}

/**
 * A stream may be open for weeks: each of its events is a trace of its own, with a link to the client in whose name the
 * subgraph is asked.
 */
function tracedStream(stream: EventStream, attributes: SpanAttributes, tracer: Tracer): EventStream {
  return {
    ...stream,
    answer(event, context) {
      const { span: subscriber } = context;
      const span =
        subscriber?.isSampled === false
          ? subscriber
          : tracer.start({ name: 'subscription event', kind: 'consumer', attributes, link: subscriber });
      return observed(
        span,
        () => stream.answer(event, { ...context, span }),
        ({ errors }) => errors,
      );
    },
  };
}

async function observed<T>(span: Span, work: () => Promise<T>, errorsOf: (answer: T) => readonly Coded[]): Promise<T> {
  try {
    const answer = await work();
    tellErrors(span, errorsOf(answer));
    return answer;
  } catch (cause) {
    if (cause instanceof RequestError) tellErrors(span, cause.errors);
    else span.fail('INTERNAL');
    throw cause;
  } finally {
    span.end();
  }
}

/** What a trace says of an operation. */
export const attributesOf = ({ kind, name }: CompiledOperation): SpanAttributes => ({
  'graphql.operation.type': kind,
  'graphql.operation.name': name,
});
