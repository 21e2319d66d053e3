import type { ConstDirectiveNode, DocumentNode } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import { annotatedPlaces } from '../supergraph/annotated-places.ts';
import { argumentsOf, linkedDirective } from '../supergraph/linked-features.ts';

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

/** A policy is met by a scope or a role of its name. @param principal absent where nobody said who asks */
export function meets(requirement: Requirement, principal: Principal | undefined): boolean {
  if (!principal) return false;
  if (requirement.kind === 'authenticated') return true;
  const granted = new Set<string>(principal.scopes);
  if (requirement.kind === 'policies') for (const role of principal.roles) granted.add(role);
  return requirement.any.some((all) => all.every((name) => granted.has(name)));
}

/** What to bring to meet it, as a sentence. */
export function remedyFor(requirement: Requirement): string {
  if (requirement.kind === 'authenticated') return 'Send a token.';
  const kind = requirement.kind === 'scopes' ? 'scope' : 'policy';
  const choices = requirement.any.map((all) => all.map((name) => `"${name}"`).join(' with '));
  return choices.length === 0 ? 'Nobody may.' : `Bring a token with the ${kind} ${choices.join(', or ')}.`;
}
