import { type DocumentNode, parse } from 'graphql';
import { PlanningError } from './planning-error.ts';

/** Texts of the plan that is being checked and compiled; those of the one before are not needed again. */
const maxTexts = 64;
const parsed = new Map<string, DocumentNode>();

/**
 * The document of a planned request. Each is looked at several times while its plan is checked and compiled.
 * @throws PlanningError it is no GraphQL: the planner of version 0.0.38 leaves the selections of some fragments out
 */
export function parseRequest(operation: string): DocumentNode {
  let document = parsed.get(operation);
  if (!document) {
    if (parsed.size >= maxTexts) parsed.clear();
    document = parsePlanned(operation);
    parsed.set(operation, document);
  }
  return document;
}

function parsePlanned(operation: string): DocumentNode {
  try {
    return parse(operation, { noLocation: true });
  } catch (cause) {
    throw new PlanningError('PLANNING_FAILED', { cause });
  }
}
