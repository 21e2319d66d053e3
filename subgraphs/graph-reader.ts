import type { Principal } from '../auth/principal.ts';

/**
 * The rest of the graph, as a guard sees it: facts of other systems are asked for through the gateway like by any
 * client, so that no domain imports another. Wired in the `main.ts` files and `start.ts`.
 */
export interface GraphReader {
  /**
   * @returns `data` with nulls where a system could not be asked, and the errors that explain them. A guard treats a
   *   null that it needs as a refusal: Andon fails closed.
   */
  query(
    document: string,
    variables: Readonly<Record<string, unknown>>,
    principal: Principal,
    signal: AbortSignal,
  ): Promise<{ readonly data: Readonly<Record<string, unknown>> | null; readonly errors: readonly GraphError[] }>;
}

export interface GraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}
