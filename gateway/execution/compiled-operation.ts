import type { FieldNode, GraphQLObjectType, OperationDefinitionNode } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { DocumentPlan } from '../planning/document-planner.ts';
import type { OperationParts } from '../planning/operation-parts.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { SubgraphResponse } from '../subgraph-client/local-subgraph.ts';
import type { SubgraphClient } from '../subgraph-client/subgraph-client.ts';
import type { IncrementalAnswer, OperationAnswer } from './answer.ts';
import type { Failure } from './failure.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** Answers one operation in parts. @throws RequestError the operation cannot be planned under these conditions */
export type ExecuteIncrementally = (variables: Variables, context: RequestContext) => Promise<IncrementalAnswer>;

/** One operation of one supergraph, planned and compiled: everything that does not depend on a request is done. */
export interface CompiledOperation {
  /** As the client sent it: what prepares the same operation for another supergraph. */
  readonly text: string;
  readonly operationName: string | undefined;
  /** What its document calls it. */
  readonly name: string | undefined;
  readonly kind: OperationDefinitionNode['operation'];
  /** The selected fields of the root type. */
  readonly rootFields: readonly FieldNode[];
  /** @throws RequestError a variable does not fit, or makes the operation cost too much */
  coerceVariables(given: Variables): Variables;
  /** What it is estimated to cost; absent where that is not limited. See `limits/estimate-cost.ts`. */
  cost?(variables: Variables): number;
  /** @throws RequestError the operation cannot be planned under these conditions */
  execute(variables: Variables, context: RequestContext): Promise<OperationAnswer>;
  /** @throws RequestError the operation cannot be planned under these conditions */
  stream(variables: Variables, principal: Principal | undefined): Promise<EventStream>;
  /** Absent where the operation defers nothing. */
  readonly executeIncrementally?: ExecuteIncrementally | undefined;
}

/** A subscription under given variables. Where its events come from is apart from how they are answered. */
export interface EventStream {
  /**
   * The events as one subgraph says them; ends when the subgraph ends the stream.
   * @throws SubgraphCallError the stream broke. RequestError the subgraph refused it
   */
  open(context: RequestContext): AsyncIterable<SubgraphResponse>;
  /** One event, joined with the other subgraphs. */
  answer(event: SubgraphResponse, context: RequestContext): Promise<OperationAnswer>;
  /** Whether the other one's subgraph is asked the same, so that its events can be answered by this one. */
  hasSourceOf(other: EventStream): boolean;
  readonly source: StreamSource;
}

export interface StreamSource {
  /** One address has one client, also over several supergraphs. */
  readonly client: SubgraphClient;
  readonly operation: string;
  /** JSON text. */
  readonly variables: string;
}

/** What is left of an operation for who may not read all of it. */
export interface Restriction {
  readonly kept: OperationParts;
  /** Why a field of the operation is not among what is kept. */
  readonly denied: ReadonlyMap<FieldNode, Failure>;
}

export interface OperationSource extends OperationParts, Pick<CompiledOperation, 'text' | 'operationName'> {
  readonly rootType: GraphQLObjectType;
  /** Rejects where the document is refused. */
  readonly validated: Promise<unknown>;
  /** Absent where everything may be read. */
  readonly restrict?: ((parts: OperationParts) => Restriction) | undefined;
  /** @throws RequestError */
  plan(parts: OperationParts, draw: number | undefined): Promise<DocumentPlan>;
  /** Draws which overridden fields have moved, for one request; absent where the supergraph moves none by percentage. */
  readonly drawOverride: (() => number) | undefined;
}
