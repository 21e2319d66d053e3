import { type FieldNode, Kind } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { SubscriptionsConfig } from '../config.ts';
import type { Variables } from '../execution/compiled-operation.ts';
import { authorityOf } from '../request/authority.ts';
import type { ForwardedHeaders } from '../request/forwarded-headers.ts';
import { noRule, type SubscriptionRule } from '../supergraph/subscription-rules.ts';

/** Everything that can change what a stream says. */
export interface StreamKeyParts {
  readonly text: string;
  readonly operationName: string | undefined;
  /** Without the one that is the cursor, where there is one. */
  readonly variables: Variables;
  readonly principal: Principal | undefined;
  readonly forwarded: ForwardedHeaders | undefined;
}

/** Equal keys see the same events from the same moment on. */
export function streamKey(
  { text, operationName, variables, principal, forwarded }: StreamKeyParts,
  shareBy: SubscriptionsConfig['shareBy'],
): string {
  const given = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([text, operationName, given, principal && authorityOf(principal, shareBy), forwarded?.key]);
}

/** Where a subscription begins: with what happens next, after an event, or at a place of its own that no other shares. */
export type StreamStart = 'now' | 'own' | { readonly after: string };

export function streamStart(
  rootFields: readonly FieldNode[],
  variables: Variables,
  rules: ReadonlyMap<string, SubscriptionRule>,
): StreamStart {
  const [field] = rootFields;
  if (!field) return 'now';
  const rule = rules.get(field.name.value) ?? noRule;
  const after = argumentOf(field, rule.after, variables);
  if (after !== undefined && after !== null) return typeof after === 'string' ? { after } : 'own';
  return argumentOf(field, rule.snapshot, variables) === true ? 'own' : 'now';
}

/** @returns text and truth values as they are, null and what is not given as such, anything else as an empty object */
function argumentOf(field: FieldNode, name: string | undefined, variables: Variables): unknown {
  const value = field.arguments?.find((argument) => argument.name.value === name)?.value;
  if (name === undefined || !value) return undefined;
  if (value.kind === Kind.VARIABLE) return variables[value.name.value];
  if (value.kind === Kind.STRING || value.kind === Kind.BOOLEAN) return value.value;
  return value.kind === Kind.NULL ? null : {};
}
