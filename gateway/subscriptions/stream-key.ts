import { type FieldNode, Kind } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { SubscriptionsConfig } from '../config.ts';
import type { Variables } from '../execution/compile-operation.ts';

export interface StreamKeyParts {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Variables;
  readonly rootFields: readonly FieldNode[];
  readonly principal: Principal | undefined;
}

/**
 * Everything that can change what a stream says: operation, variables and authority. A subscription that starts from a
 * cursor has no key: it must see what happened before another client's stream was opened.
 */
export function streamKey(
  parts: StreamKeyParts,
  resumeArguments: ReadonlyMap<string, string>,
  shareBy: SubscriptionsConfig['shareBy'],
): string | undefined {
  const { text, operationName, variables, rootFields, principal } = parts;
  if (rootFields.some((field) => startsFromCursor(field, variables, resumeArguments))) return undefined;
  return JSON.stringify([text, operationName, sorted(variables), principal && authorityOf(principal, shareBy)]);
}

function startsFromCursor(
  field: FieldNode,
  variables: Variables,
  resumeArguments: ReadonlyMap<string, string>,
): boolean {
  const name = resumeArguments.get(field.name.value);
  const value = field.arguments?.find((argument) => argument.name.value === name)?.value;
  if (!value || value.kind === Kind.NULL) return false;
  return value.kind !== Kind.VARIABLE || (variables[value.name.value] ?? null) !== null;
}

const sorted = (variables: Variables) => Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));

/** What decides on a principal's authority, in an order that does not depend on its token. */
export function authorityOf(principal: Principal, shareBy: SubscriptionsConfig['shareBy']) {
  const { id, kind, roles, plants, scopes, partner } = principal;
  const authority = [kind, [...roles].sort(), [...plants].sort(), [...scopes].sort(), partner];
  return shareBy === 'principal' ? [id, ...authority] : authority;
}
