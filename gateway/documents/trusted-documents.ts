import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorCode } from '../../runtime/error-code.ts';
import { isRecord } from '../../runtime/is-record.ts';

/** The operations of known clients, made when those clients were built. */
export interface TrustedDocuments {
  /** The texts, by the ids of the manifest. */
  readonly listed: ReadonlyMap<string, string>;
  /** @param id as the client sends it: the manifest's, or the SHA-256 of the text, which the specification writes `sha256:…` */
  byId(id: string): string | undefined;
  hasText(text: string): boolean;
}

/** The list of trusted operations cannot be used. */
export class DocumentManifestError extends Error {
  readonly code = 'DOCUMENT_MANIFEST_INVALID';

  constructor(
    file: string,
    problem: string,
    remedy = 'Write the manifest of Apollo or a JSON object from id to text.',
  ) {
    super(`${file}: ${problem} ${remedy}`);
    this.name = 'DocumentManifestError';
  }
}

/**
 * Reads Apollo's manifest (`generate-persisted-query-manifest`) or the map from id to text that Relay's compiler writes.
 * @throws DocumentManifestError
 */
export function readTrustedDocuments(file: string): TrustedDocuments {
  const manifest = readJson(file);
  if (!isRecord(manifest)) throw new DocumentManifestError(file, 'Not a JSON object.');
  const entries = manifest['format'] === undefined ? Object.entries(manifest) : apolloEntries(file, manifest);
  const texts = new Map<string, string>();
  for (const [id, text] of entries) {
    if (typeof text !== 'string' || text === '') throw new DocumentManifestError(file, `"${id}" has no text.`);
    texts.set(withoutPrefix(id), text);
  }
  const listed = new Map(texts);
  const known = new Set(texts.values());
  // Clients that know nothing of the manifest's ids name the same texts by their hashes.
  for (const text of known) {
    const hash = createHash('sha256').update(text).digest('hex');
    if (!texts.has(hash)) texts.set(hash, text);
  }
  return { listed, byId: (id) => texts.get(withoutPrefix(id)), hasText: (text) => known.has(text) };
}

function apolloEntries(file: string, manifest: Record<string, unknown>): [string, unknown][] {
  const { format, operations } = manifest;
  if (format !== 'apollo-persisted-query-manifest') {
    throw new DocumentManifestError(file, `The format "${String(format)}" is not known.`);
  }
  if (!Array.isArray(operations)) throw new DocumentManifestError(file, '"operations" is no list.');
  return operations.map((operation: unknown, index) => {
    if (isRecord(operation) && typeof operation['id'] === 'string') return [operation['id'], operation['body']];
    throw new DocumentManifestError(file, `Operation ${index} has no id.`);
  });
}

const withoutPrefix = (id: string) => (id.startsWith('sha256:') ? id.slice('sha256:'.length) : id);

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new DocumentManifestError(file, 'Not valid JSON.');
    const reason = errorCode(cause) ?? 'unreadable';
    throw new DocumentManifestError(file, `It cannot be read (${reason}).`, 'Correct documents.manifest.');
  }
}
