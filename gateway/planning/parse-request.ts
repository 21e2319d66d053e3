import { type DocumentNode, parse } from 'graphql';

/** Texts of the plan that is being checked and compiled; those of the one before are not needed again. */
const maxTexts = 64;
const parsed = new Map<string, DocumentNode>();

/** The document of a planned request. Each is looked at several times while its plan is checked and compiled. */
export function parseRequest(operation: string): DocumentNode {
  let document = parsed.get(operation);
  if (!document) {
    if (parsed.size >= maxTexts) parsed.clear();
    document = parse(operation, { noLocation: true });
    parsed.set(operation, document);
  }
  return document;
}
