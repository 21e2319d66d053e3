import { type ConstDirectiveNode, type DocumentNode, Kind, valueFromASTUntyped } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import { linkedDirective } from '../supergraph/linked-directives.ts';

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
  const rules = new Map<string, readonly Requirement[]>();
  const read = (coordinate: string, directives: readonly ConstDirectiveNode[] = []) => {
    const required = directives.flatMap(({ name, arguments: given = [] }): Requirement[] => {
      const listsOf = (argument: string) => {
        const value = given.find((one) => one.name.value === argument)?.value;
        return (value && (valueFromASTUntyped(value) as readonly (readonly string[])[])) ?? [];
      };
      if (name.value === names.authenticated) return [{ kind: 'authenticated' }];
      if (name.value === names.scopes) return [{ kind: 'scopes', any: listsOf('scopes') }];
      return name.value === names.policies ? [{ kind: 'policies', any: listsOf('policies') }] : [];
    });
    if (required.length > 0) rules.set(coordinate, required);
  };
  for (const node of supergraph.definitions) {
    if (
      node.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      node.kind !== Kind.INTERFACE_TYPE_DEFINITION &&
      node.kind !== Kind.SCALAR_TYPE_DEFINITION &&
      node.kind !== Kind.ENUM_TYPE_DEFINITION
    )
      continue;
    read(node.name.value, node.directives);
    if (!('fields' in node)) continue;
    for (const field of node.fields ?? []) read(`${node.name.value}.${field.name.value}`, field.directives);
  }
  return rules;
}

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
