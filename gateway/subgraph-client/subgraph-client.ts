import type { PlannedRequest } from '../planning/plan.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { SubgraphResponse } from './local-subgraph.ts';

/** One planned operation with the parts of its body that never change. */
export interface PreparedRequest extends PlannedRequest {
  /** `{"query":…,"operationName":…,"variables":`: the JSON text of the variables and `}` complete the body. */
  readonly bodyHead: string;
}

export interface SubgraphCall {
  readonly request: PreparedRequest;
  /** JSON text of the variables object. */
  readonly variables: string;
  readonly context: RequestContext;
}

/** One subgraph, wherever it is. */
export interface SubgraphClient {
  readonly service: string;
  /** Where it is asked, http(s); absent where that is this process. */
  readonly url?: string;
  /** @throws SubgraphCallError */
  execute(call: SubgraphCall): Promise<SubgraphResponse>;
  /** The call and each step of the stream: @throws SubgraphCallError, StreamRefusedError */
  subscribe(call: SubgraphCall): Promise<AsyncIterable<SubgraphResponse>>;
  /**
   * Whether a call may be answered by an equal one that runs. False while the subgraph does not answer: a hanging call
   * would be joined by everybody. Left out: always.
   */
  mayShare?(): boolean;
  /** Whether calls are refused until it answers again. Left out: never. */
  isLeftAlone?(): boolean;
  close(): Promise<void>;
}

export function prepareRequest(request: PlannedRequest): PreparedRequest {
  const { operation, operationName } = request;
  const name = operationName === undefined ? '' : `"operationName":${JSON.stringify(operationName)},`;
  return { ...request, bodyHead: `{"query":${JSON.stringify(operation)},${name}"variables":` };
}
