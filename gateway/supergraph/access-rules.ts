import type { ConstDirectiveNode, DocumentNode } from 'graphql';
import { annotatedPlaces } from './annotated-places.ts';
import { argumentsOf, linkedDirective } from './linked-features.ts';

/** What one directive asks of who reads. `any` is met by whoever has all of one of its lists. */
export type Requirement =
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'scopes' | 'policies'; readonly any: readonly (readonly string[])[] };

/**
 * By `Type` and `Type.field`: @authenticated, @requiresScopes and @policy of the supergraph. All of one place's are to be met.
 * Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives
 */
export type AccessRules = ReadonlyMap<string, readonly Requirement[]>;

export function readAccessRules(supergraph: DocumentNode): AccessRules {
  const names = {
    authenticated: linkedDirective(supergraph, 'authenticated', 'authenticated'),
    scopes: linkedDirective(supergraph, 'requiresScopes', 'requiresScopes'),
    policies: linkedDirective(supergraph, 'policy', 'policy'),
  };
  const read = (directive: ConstDirectiveNode): Requirement[] => {
    const { scopes, policies } = argumentsOf(directive);
    const name = directive.name.value;
    if (name === names.authenticated) return [{ kind: 'authenticated' }];
    if (name === names.scopes) return [{ kind: 'scopes', any: listsOf(scopes) }];
    return name === names.policies ? [{ kind: 'policies', any: listsOf(policies) }] : [];
  };
  const rules = new Map<string, readonly Requirement[]>();
  for (const { coordinate, directives } of annotatedPlaces(supergraph)) {
    const required = directives.flatMap(read);
    if (required.length > 0) rules.set(coordinate, required);
  }
  return rules;
}

/** Composition has checked what they are. */
const listsOf = (value: unknown) => (value ?? []) as readonly (readonly string[])[];
