import type { DocumentsConfig } from '../config.ts';
import { refuse } from '../request/request-error.ts';
import { PersistedQueries } from './persisted-queries.ts';
import { readTrustedDocuments } from './trusted-documents.ts';

/** How a request says which document it means: by its text, by an id, or by both. */
export interface DocumentRequest {
  readonly query: string | undefined;
  readonly documentId: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** Finds the text of a request's document. Every transport passes through here before the operation is prepared. */
export interface DocumentSource {
  /** Trusted documents, by the ids of their manifest. */
  readonly listed: ReadonlyMap<string, string>;
  /** @throws RequestError the id is unknown, does not fit the text, or the document is not trusted */
  textOf(request: DocumentRequest): string;
}

/** @throws DocumentManifestError */
export function createDocumentSource(config: DocumentsConfig): DocumentSource {
  const trusted = config.manifest === undefined ? undefined : readTrustedDocuments(config.manifest);
  // Where only listed operations run, there is nothing to register.
  const persisted =
    config.persistedQueries && !config.strict ? new PersistedQueries(config.maxPersistedQueries) : undefined;
  return {
    listed: trusted?.listed ?? new Map(),
    textOf({ query, documentId, extensions }) {
      const hash = hashIn(extensions);
      const id = documentId ?? hash;
      if (id === undefined && query === undefined) {
        throw refuse(
          400,
          'BAD_REQUEST',
          'The request has no document. Send its text in "query", or its id in "documentId".',
        );
      }
      const listed = id === undefined ? undefined : trusted?.byId(id);
      if (config.strict) {
        if (listed !== undefined && (query === undefined || query === listed)) return listed;
        if (id === undefined && query !== undefined && trusted?.hasText(query)) return query;
        throw refuse(
          403,
          'OPERATION_NOT_TRUSTED',
          'This operation is not on the list of trusted ones. Add it, or send one that is.',
        );
      }
      if (listed !== undefined && (query === undefined || query === listed)) return listed;
      if (hash !== undefined && documentId === undefined) {
        if (!persisted) {
          throw refuse(200, 'PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
        }
        return persisted.textOf(hash, query);
      }
      if (query !== undefined) return query;
      throw refuse(404, 'DOCUMENT_NOT_FOUND', 'No document has this id. Send its text in "query".');
    },
  };
}

/** `extensions.persistedQuery` of Apollo clients. @throws RequestError */
function hashIn(extensions: Readonly<Record<string, unknown>>): string | undefined {
  const given = extensions['persistedQuery'];
  if (given === undefined || given === null) return undefined;
  if (typeof given === 'object' && 'sha256Hash' in given && typeof given.sha256Hash === 'string') {
    if (!('version' in given) || given.version === 1) return given.sha256Hash.toLowerCase();
  }
  throw refuse(400, 'BAD_REQUEST', '"persistedQuery" must be {"version": 1, "sha256Hash": "…"}.');
}
