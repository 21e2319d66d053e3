import type { CompiledOperation, Variables } from '../execution/compiled-operation.ts';
import type { LabelledOperation } from '../request/operation-label.ts';
import { type RequestError, refuse } from '../request/request-error.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import type { CostReport } from './cost-report.ts';
import { costAt, leastOf } from './cost-term.ts';
import { CostEstimator, type CostedOperation, type OperationCost } from './estimate-cost.ts';
import type { OperationLimits } from './limit.ts';
import type { ListSize } from './list-size.ts';

export interface CostLimitOptions {
  readonly supergraph: Pick<Supergraph, 'schema' | 'costRules'>;
  readonly limits: OperationLimits;
  readonly costReport: CostReport;
}

/**
 * Looks at what a valid operation costs, before it is answered for the first time.
 * @returns what looks at each request's variables, too
 * @throws RequestError no variables could make it cost little enough
 */
export type LimitCost = (
  operation: CostedOperation & LabelledOperation,
) => (compiled: CompiledOperation) => CompiledOperation;

/** @returns undefined where nothing is limited */
export function createCostLimit({ supergraph, limits, costReport }: CostLimitOptions): LimitCost | undefined {
  const { maxCost, costMode, listSize } = limits;
  if (maxCost === 0) return undefined;
  const estimator = new CostEstimator(supergraph, listSize);
  return (costed) => {
    const estimate = estimator.estimate(costed);
    let isTold = false;
    const report = (refusal: RequestError | undefined): void => {
      if (!refusal) return;
      if (costMode === 'enforce') throw refusal;
      if (!isTold) costReport.tell(costed, refusal);
      isTold = true;
    };
    report(limitTotal(leastOf(estimate.total), maxCost));
    const { cost, check } = compileCheck(estimate, maxCost);
    if (!check) return (compiled) => ({ ...compiled, cost });
    return (compiled) => ({
      ...compiled,
      cost,
      coerceVariables(given) {
        const variables = compiled.coerceVariables(given);
        report(check(variables));
        return variables;
      },
    });
  };
}

type Check = (variables: Variables) => RequestError | undefined;

/** @returns no check where nothing is left to depend on variables */
function compileCheck({ total, lists }: OperationCost, maxCost: number) {
  const cost = (variables: Variables) => costAt(total, variables);
  const check: Check = (variables) => {
    for (const list of lists) {
      const given = list.given(variables);
      if (given !== 1) return slicingArgumentWanted(list, given);
    }
    return limitTotal(cost(variables), maxCost);
  };
  return { cost, check: lists.length > 0 || typeof total !== 'number' ? check : undefined };
}

const limitTotal = (cost: number, maxCost: number): RequestError | undefined =>
  cost <= maxCost
    ? undefined
    : refuse(
        400,
        'COST_LIMIT_EXCEEDED',
        `The operation is estimated to cost ${cost}; ${maxCost} is allowed. Ask for fewer objects: shorter lists, fewer lists within lists.`,
      );

function slicingArgumentWanted({ coordinate, wanted }: ListSize, given: number): RequestError {
  const [only, ...others] = wanted;
  const message =
    others.length === 0
      ? `${coordinate} needs its argument ${only}. It says how long a list you expect.`
      : `${coordinate} takes exactly one of its arguments ${wanted.join(', ')}; ${given === 0 ? 'none is' : `${given} are`} given. It says how long a list you expect.`;
  return refuse(400, 'SLICING_ARGUMENT_REQUIRED', message);
}
