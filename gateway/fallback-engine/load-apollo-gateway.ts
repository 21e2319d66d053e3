import type { DocumentNode, FormattedExecutionResult } from 'graphql';
import { EngineError } from '../engine/engine-error.ts';
import { forbidApolloTelemetry } from './config.ts';

/** What this engine uses of `@apollo/gateway`. It is an optional peer (Elastic-2.0), so its types are not imported. */
export interface ApolloGatewayModule {
  readonly ApolloGateway: new (options: ApolloGatewayOptions) => ApolloGateway;
}

export interface ApolloGatewayOptions {
  readonly supergraphSdl: string;
  readonly logger: ApolloLogger;
  buildService(endpoint: { readonly name: string }): SubgraphDataSource;
  readonly __exposeQueryPlanExperimental: boolean;
}

export type ApolloLogger = Readonly<Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void>>;

export interface ApolloGateway {
  /** @throws the supergraph is not one */
  load(): Promise<{ readonly executor: ApolloExecutor }>;
  stop(): Promise<void>;
}

export type ApolloExecutor = (request: ApolloRequest) => Promise<FormattedExecutionResult>;

export interface ApolloRequest {
  readonly request: { readonly variables: Readonly<Record<string, unknown>> };
  readonly operationName: string | null;
  readonly document: DocumentNode;
  /** Under which the plan is kept. */
  readonly queryHash: string;
  /** Given to each data source. */
  readonly context: unknown;
  readonly logger: ApolloLogger;
  readonly metrics: Record<string, unknown>;
}

/** How one subgraph is called. */
export interface SubgraphDataSource {
  process(call: {
    readonly request: {
      readonly query: string;
      readonly operationName?: string;
      readonly variables?: Readonly<Record<string, unknown>>;
    };
    readonly context: unknown;
  }): Promise<Pick<FormattedExecutionResult, 'errors'> & { readonly data?: Record<string, unknown> | null }>;
}

/** @throws EngineError it is not installed, or is broken */
export async function loadApolloGateway(): Promise<ApolloGatewayModule> {
  forbidApolloTelemetry();
  try {
    return (await import('@apollo/gateway')) as unknown as ApolloGatewayModule;
  } catch (cause) {
    throw new EngineError('apollo', cause);
  }
}
