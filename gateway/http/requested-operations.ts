import type { DocumentSource } from '../documents/document-source.ts';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { OperationPreparer } from '../preparation/operation-preparer.ts';
import { RequestError } from '../request/request-error.ts';
import type { Span } from '../request/span.ts';
import type { OperationParams } from './operation-params.ts';

export interface RequestedOperationsOptions {
  readonly documents: DocumentSource;
  /** Read at each operation, since a supergraph may be replaced. */
  readonly engine: { readonly preparer: OperationPreparer };
}

/** What requests ask for, prepared: how they are answered depends on it. */
export class RequestedOperations {
  readonly #options: RequestedOperationsOptions;

  constructor(options: RequestedOperationsOptions) {
    this.#options = options;
  }

  /** @throws RequestError the operation is refused, or there is no document behind its id */
  async prepare(params: OperationParams, span: Span | undefined): Promise<CompiledOperation> {
    const { engine, documents } = this.#options;
    return engine.preparer.prepare(documents.textOf(params), params.operationName, { span });
  }

  /** @returns undefined where the operation is refused: what is wrong with it is told when it is answered */
  async ifAccepted(params: OperationParams, span: Span | undefined): Promise<CompiledOperation | undefined> {
    return this.prepare(params, span).catch((cause: unknown) => {
      if (cause instanceof RequestError) return undefined;
      throw cause;
    });
  }
}
