import type { DocumentNode, GraphQLObjectType } from 'graphql';
import type { OperationParts } from '../planning/operation-parts.ts';
import type { CompiledOperation, OperationSource } from './compiled-operation.ts';

export interface PreparedText {
  readonly text: string;
  readonly operationName: string | undefined;
}

/** One operation that passed the limits. */
export interface SelectedOperation extends OperationParts, PreparedText {
  readonly document: DocumentNode;
  readonly rootType: GraphQLObjectType;
  /** Rejects where validation or its cost refuses the document: what was begun for it is dropped. */
  readonly validated: Promise<unknown>;
  /** Absent where everything may be read. */
  readonly restrict?: OperationSource['restrict'];
  /** To be called for each combination of @skip and @include values that is planned. */
  onPlanned(): void;
}

/** @throws RequestError the operation cannot be planned */
export type CompileOperation = (selected: SelectedOperation) => Promise<CompiledOperation>;
