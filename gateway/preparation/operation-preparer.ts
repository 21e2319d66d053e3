import type { DocumentNode } from 'graphql';
import { BoundedCache } from '../../runtime/bounded-cache.ts';
import { Turns } from '../../runtime/turns.ts';
import { guardOperations } from '../authorization/guard-operation.ts';
import type { GatewayConfig } from '../config.ts';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { CompileOperation, PreparedText } from '../execution/selected-operation.ts';
import { createCostLimit } from '../limits/cost.ts';
import type { CostReport } from '../limits/cost-report.ts';
import { isStackOverflow, nestedTooDeep } from '../limits/parse-document.ts';
import { keepable, RequestError } from '../request/request-error.ts';
import type { Span, Tracer } from '../request/span.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { loggedOperation } from '../telemetry/logged-operation.ts';
import { measuredOperation, measuredPreparation } from '../telemetry/measured-operation.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { tracedOperation, tracedPreparation } from '../telemetry/traced-operation.ts';
import { type PreparationRequest, prepareOperation } from './prepare-operation.ts';

/** What there is besides the text. */
export interface TextRequest {
  /** The same text, where somebody has read it already. */
  readonly document?: DocumentNode | undefined;
  /** What the request is part of, where it is traced. */
  readonly span?: Span | undefined;
}

/** Turns the text of a request into something that runs. Every transport passes through here. */
export interface OperationPreparer {
  /** @throws RequestError the text is refused; refusals of the same text are remembered, too */
  prepare(text: string, operationName: string | undefined, request?: TextRequest): Promise<CompiledOperation>;
}

/** A preparer that remembers. */
export interface RememberingPreparer extends OperationPreparer {
  /** What was answered most often, of what is remembered, most used first; what is refused is nothing to prepare again. */
  mostUsed(limit: number): readonly PreparedText[];
}

interface Prepared extends PreparedText {
  operation: Promise<CompiledOperation>;
  uses: number;
  isRefused: boolean;
}

/**
 * What one plan of an operation was measured to take at most, compiled: 120,000 bytes for 777 characters, 14,000 for 35.
 */
const planBytes = (text: string) => 4096 + 300 * text.length;

/** A refused text is its own key, beside the errors. */
const refusalBytes = (text: string) => 4096 + 2 * text.length;

export interface PreparerOptions {
  readonly supergraph: Supergraph;
  readonly config: GatewayConfig;
  readonly costReport: CostReport;
  readonly metrics?: Metrics | undefined;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** What makes one engine differ from another. */
  readonly compile: CompileOperation;
}

/** Prepares once for each text and operation name, then answers from memory. */
export function createOperationPreparer(options: PreparerOptions): RememberingPreparer {
  const prepared = new BoundedCache<Prepared>(options.config.planCacheBytes);
  const limitCost = createCostLimit({ ...options, limits: options.config.limits });
  const compile = guardOperations(options.supergraph, options.compile);
  // A crowd of new operations holds up nobody who asks for one that is known.
  const turns = new Turns();
  const begin = async (request: PreparationRequest, span: Span | undefined) => {
    const turn = turns.take();
    if (turn) await turn;
    const { metrics, tracer } = options;
    const prepare = () => prepareOperation({ ...options, compile, limitCost }, request);
    const traced = tracer ? async () => tracedOperation(await tracedPreparation(span, prepare), tracer) : prepare;
    const measured = metrics ? measuredOperation(await measuredPreparation(metrics, traced), metrics) : await traced();
    return options.config.http.accessLog ? loggedOperation(measured) : measured;
  };
  return {
    prepare(text, operationName, { document, span } = {}) {
      // Unambiguous: a text must not be able to stand in the place of another one with a name.
      const key = operationName === undefined ? `:${text}` : `${operationName.length}:${operationName}${text}`;
      const known = prepared.get(key);
      if (known) {
        known.uses += 1;
        return known.operation;
      }
      let plans = 0;
      const onPlanned = () => prepared.reweigh(key, ++plans * planBytes(text));
      const request = { text, operationName, document, onPlanned };
      const operation = begin(request, span).catch(refuseEndlessNesting);
      const entry: Prepared = { text, operationName, operation, uses: 1, isRefused: false };
      prepared.set(key, entry, planBytes(text));
      operation.catch((error: unknown) => {
        // What failed for another reason than the text itself may succeed next time.
        if (!(error instanceof RequestError) || error.status === 503) return prepared.delete(key);
        entry.isRefused = true;
        entry.operation = Promise.reject(keepable(error));
        entry.operation.catch(() => undefined);
        prepared.reweigh(key, refusalBytes(text));
      });
      return operation;
    },
    mostUsed(limit) {
      const answered = [...prepared.values()].filter(({ isRefused }) => !isRefused);
      return answered.sort((a, b) => b.uses - a.uses).slice(0, limit);
    },
  };
}

/** Fields have a limit of depth; inline fragments have none but that of the stack, wherever it is reached. */
function refuseEndlessNesting(cause: unknown): never {
  throw isStackOverflow(cause) ? nestedTooDeep() : cause;
}
