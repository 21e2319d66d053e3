import { kindOf } from '../../../runtime/kind-of.ts';
import type { FetchNode } from '../../planning/plan.ts';
import { prepareRequest } from '../../subgraph-client/subgraph-client.ts';
import { copyData } from '../copy-data.ts';
import type { Failure } from '../failure.ts';
import { ownValue, type ResponseObject } from '../response-data.ts';
import type { Run } from '../run.ts';
import type { Step } from '../step.ts';
import { callSubgraph, type ExecutionScope, type SubgraphAnswer } from './call-subgraph.ts';
import { compileEntityPath } from './entity-path.ts';
import { mergeInto } from './merge.ts';
import { compileRewrites } from './rewrite.ts';
import { markFailed, readRootShapes, renameShapes, type Shape } from './shape.ts';
import { callFailure } from './subgraph-error.ts';
import { compileVariables } from './variables-text.ts';

/** Compiles a fetch of root fields. Its answer is merged at the root, or at every object of its path. */
export function compileRootFetch(node: FetchNode, scope: ExecutionScope): Step {
  const client = scope.client(node.service);
  const request = prepareRequest(node.request);
  const writeVariables = compileVariables(node.request.variables);
  const merge = compileRootMerge(node, scope);
  return async (run) => merge(run, await callSubgraph(scope, client, request, writeVariables(run.variables), run));
}

/** The half of a fetch that follows the answer: an event of a subscription takes it too. */
export function compileRootMerge(node: FetchNode, scope: ExecutionScope): (run: Run, answer: SubgraphAnswer) => void {
  const rewrite = compileRewrites(node.outputRewrites, scope.types);
  const asked = readRootShapes(node.request.operation, scope.types);
  const shapes = renameShapes(asked, node.outputRewrites);
  const missing = callFailure('SUBGRAPH_MALFORMED_RESPONSE', node.service);
  const targets = compileEntityPath(node.path, scope.types);
  const atRoot = node.path.length === 0;
  return (run, { data, failure }) => {
    const left = data && fillMissing(data, asked, missing);
    if (left)
      run.misfit({
        services: [node.service],
        path: [left.key],
        field: left.name,
        expected: 'a value',
        given: kindOf(undefined),
      });
    if (data) rewrite(data);
    const apply = (target: ResponseObject, source: ResponseObject | undefined) => {
      if (source) mergeInto(target, source, scope.types);
      else if (failure) markFailed(target, shapes, failure);
    };
    if (atRoot) return apply(run.root, data);
    targets(run.root, run.sharesObjects, (target) => apply(target, data && (copyData(data) as ResponseObject)));
  };
}

/** Root fields that had to be answered and are not there, not even as null. @returns one of them */
function fillMissing(data: ResponseObject, asked: readonly Shape[], missing: Failure): Shape | undefined {
  let left: Shape | undefined;
  for (const shape of asked) {
    if (shape.isConditional || ownValue(data, shape.key) !== undefined) continue;
    data[shape.key] = missing;
    left ??= shape;
  }
  return left;
}
