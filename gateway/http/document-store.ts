import type { DocumentNode } from 'graphql';
import { BoundedCache } from '../../runtime/bounded-cache.ts';

/** What Apollo Server asks of the place where it keeps the documents that it has read. */
export interface DocumentStore {
  get(key: string): Promise<DocumentNode | undefined>;
  set(key: string, document: DocumentNode): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Measured: 32,000 bytes for 800 characters. */
const bytesOf = ({ loc }: DocumentNode) => 1024 + 40 * (loc?.end ?? 0);

/**
 * Apollo Server's own would keep 30 MiB of them, as JSON text: many times that in memory, and a new operation would wait for
 * being written as JSON to be weighed.
 * @param limit in bytes
 */
export function createDocumentStore(limit: number): DocumentStore {
  const documents = new BoundedCache<DocumentNode>(limit);
  return {
    get: async (key) => documents.get(key),
    set: async (key, document) => documents.set(key, document, bytesOf(document)),
    delete: async (key) => documents.delete(key),
  };
}
