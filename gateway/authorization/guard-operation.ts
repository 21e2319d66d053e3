import type { Principal } from '../../auth/principal.ts';
import { BoundedCache } from '../../runtime/bounded-cache.ts';
import { wholeAnswer } from '../execution/answer.ts';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { CompileOperation } from '../execution/selected-operation.ts';
import type { Requirement } from '../supergraph/access-rules.ts';
import { type AccessScope, createRestriction, guardedPlaces } from './restrict.ts';

/** Sets of rules that are kept planned for one operation; callers are of few kinds. */
const maxVariants = 32;

/** Combinations of scopes and roles for which is remembered what they do not meet. */
const maxAuthorities = 256;

/**
 * Enforces @authenticated, @requiresScopes and @policy: who does not meet them gets null for the field, with an error that
 * says what is missing, and its subgraph is not asked. What others may read of the operation stays.
 *
 * An operation that touches no such place costs nothing; any other has a plan for each set of places that is denied.
 */
export function guardOperations(scope: AccessScope, compile: CompileOperation): CompileOperation {
  if (scope.accessRules.size === 0) return compile;
  return async (selected) => {
    const whole = await compile(selected);
    const places = guardedPlaces(scope, selected);
    if (places.length === 0) return whole;
    const variants = new BoundedCache<Promise<CompiledOperation>>(maxVariants);
    const unmetBy = rememberUnmet(places, scope);
    const operationFor = async (principal: Principal | undefined): Promise<CompiledOperation> => {
      const { unmet, key } = unmetBy(principal);
      if (unmet.size === 0) return whole;
      const known = variants.get(key);
      if (known) return known;
      const made = compile({ ...selected, restrict: createRestriction(scope, selected.rootType, unmet) });
      variants.set(key, made);
      made.catch(() => variants.delete(key));
      return made;
    };
    return {
      ...whole,
      execute: async (variables, context) => (await operationFor(context.principal)).execute(variables, context),
      stream: async (variables, principal) => (await operationFor(principal)).stream(variables, principal),
      executeIncrementally:
        whole.executeIncrementally &&
        (async (variables, context) => {
          const operation = await operationFor(context.principal);
          if (operation.executeIncrementally) return operation.executeIncrementally(variables, context);
          return wholeAnswer(await operation.execute(variables, context));
        }),
    };
  };
}

interface Unmet {
  /** With a rule of each that is not met. */
  readonly unmet: ReadonlyMap<string, Requirement>;
  /** Of the plan without them. */
  readonly key: string;
}

/** An operation may touch hundreds of places, and few kinds of callers ask for it. */
function rememberUnmet(places: readonly string[], { accessRules }: AccessScope) {
  const known = new BoundedCache<Unmet>(maxAuthorities);
  return (principal: Principal | undefined): Unmet => {
    // All that `meets` looks at.
    const authority = principal ? JSON.stringify([principal.scopes, principal.roles]) : '';
    const found = known.get(authority);
    if (found) return found;
    const missing = places.flatMap((place) => {
      const requirement = accessRules.get(place)?.find((rule) => !meets(rule, principal));
      return requirement ? [[place, requirement] as const] : [];
    });
    const made: Unmet = { unmet: new Map(missing), key: missing.map(([place]) => place).join() };
    known.set(authority, made);
    return made;
  };
}

/** A policy is met by a scope or a role of its name. @param principal absent where nobody said who asks */
function meets(requirement: Requirement, principal: Principal | undefined): boolean {
  if (!principal) return false;
  if (requirement.kind === 'authenticated') return true;
  const granted = new Set<string>(principal.scopes);
  if (requirement.kind === 'policies') for (const role of principal.roles) granted.add(role);
  return requirement.any.some((all) => all.every((name) => granted.has(name)));
}
