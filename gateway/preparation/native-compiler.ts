import type { Logger } from '../../runtime/logger.ts';
import type { ExecutionScope } from '../execution/fetch/call-subgraph.ts';
import type { CompileOperation, SelectedOperation } from '../execution/selected-operation.ts';
import { askTypenames } from '../planning/ask-typenames.ts';
import type { DocumentPlan, PlanDocuments } from '../planning/document-planner.ts';
import type { OperationParts } from '../planning/operation-parts.ts';
import { toPlannable } from '../planning/plannable.ts';
import { PlanningError } from '../planning/planning-error.ts';
import { operationLabel } from '../request/operation-label.ts';
import { refuse } from '../request/request-error.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { compileOperation } from './compile-operation.ts';

export interface NativeCompilerOptions {
  readonly supergraph: Supergraph;
  readonly planDocuments: PlanDocuments;
  readonly scope: ExecutionScope;
  readonly log: Logger;
  /** See `createOverrideDraw`. */
  readonly drawOverride: (() => number) | undefined;
}

/** Plans with the native planner and compiles for our own executor. */
export function createNativeCompiler(options: NativeCompilerOptions): CompileOperation {
  const { supergraph, scope, drawOverride } = options;
  return (selected) => {
    const plan = (parts: OperationParts, draw: number | undefined) => {
      selected.onPlanned();
      return planOperation(options, { ...selected, ...parts }, draw);
    };
    return compileOperation({ ...selected, plan, drawOverride }, supergraph, scope);
  };
}

/** Refusals that are about the moment, not the text alone. */
const passing: ReadonlySet<string> = new Set(['PLANNING_TIMEOUT', 'PLANNING_OVERLOADED']);

async function planOperation(
  { supergraph, planDocuments, log }: Pick<NativeCompilerOptions, 'supergraph' | 'planDocuments' | 'log'>,
  { text, operation, fragments, validated }: OperationParts & Pick<SelectedOperation, 'text' | 'validated'>,
  draw: number | undefined,
): Promise<DocumentPlan> {
  const documents = toPlannable(operation, fragments).map((document) =>
    askTypenames(document, supergraph.schema, supergraph.toldByTypename),
  );
  try {
    return await planDocuments(documents, draw, validated);
  } catch (cause) {
    if (!(cause instanceof PlanningError)) throw cause;
    // That one is no operation's fault, and comes in crowds: it must cost nothing.
    if (cause.code === 'PLANNING_OVERLOADED') log.warn('planning refused', { code: cause.code });
    else log.error('planning failed', { ...operationLabel({ operation, text }), cause });
    throw refuse(passing.has(cause.code) ? 503 : 500, cause.code, cause.message);
  }
}
