import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../auth/principal.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Engine } from './engine/engine.ts';
import type { ConsultedSource } from './execution/run.ts';
import { Cancellation } from './request/cancellation.ts';
import { RequestError, refuse } from './request/request-error.ts';

/** A request of this process itself: it passes the same limits, plan and policies as one from outside. */
export interface InProcessRequest {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
  readonly principal: Principal;
  readonly requestId?: string;
  readonly signal?: AbortSignal;
}

export interface GatewayResult {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: { readonly sources: readonly ConsultedSource[] };
}

/** Answers one query or mutation without a transport. Refusals are in `errors`. */
export async function executeInProcess(
  engine: Pick<Engine, 'preparer'>,
  runtime: Runtime,
  request: InProcessRequest,
): Promise<GatewayResult> {
  try {
    const operation = await engine.preparer.prepare(request.query, request.operationName);
    if (operation.kind === 'subscription') {
      throw refuse(400, 'SUBSCRIPTION_NEEDS_STREAM', 'Subscribe over a transport that streams.');
    }
    const { principal, requestId = runtime.ids.next(), signal } = request;
    const answer = await operation.execute(operation.coerceVariables(request.variables ?? {}), {
      principal,
      requestId,
      cancellation: signal && Cancellation.fromSignal(signal),
    });
    const { data, errors, sources } = answer;
    return { data: JSON.parse(data), ...(errors.length > 0 && { errors }), extensions: { sources } };
  } catch (cause) {
    if (!(cause instanceof RequestError)) throw cause;
    return { errors: cause.formatted };
  }
}
