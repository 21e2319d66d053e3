import { BoundedCache } from '../../runtime/bounded-cache.ts';
import { createCoercion } from '../execution/compile/coercion.ts';
import { prepareVariant, type Variant } from '../execution/compile/compile-variant.ts';
import type { CompiledOperation, OperationSource, Restriction, Variables } from '../execution/compiled-operation.ts';
import { Failure } from '../execution/failure.ts';
import type { ExecutionScope } from '../execution/fetch/call-subgraph.ts';
import { rootFieldsOf } from '../execution/root-fields.ts';
import { compileIncremental } from '../incremental/compile-incremental.ts';
import { withoutDefer } from '../incremental/resolve-defer.ts';
import { type Conditions, conditionVariables, resolveConditions } from '../planning/resolve-conditions.ts';
import { refuseWith } from '../request/request-error.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';

/** Combinations of @skip and @include values that are kept planned for one operation. */
const maxVariants = 64;

/**
 * Plans and compiles an operation for each combination of its conditions that is asked for: ahead where there is but one.
 * @throws RequestError the operation cannot be planned
 */
export async function compileOperation(
  given: OperationSource,
  supergraph: Supergraph,
  scope: ExecutionScope,
): Promise<CompiledOperation> {
  const source = { ...given, ...withoutDefer(given) };
  const names = conditionVariables(source);
  const compile = async (conditions: Conditions, draw?: number): Promise<Variant> => {
    const parts = resolveConditions(source, conditions);
    const restriction = source.restrict?.(parts);
    if (restriction) refuseEmptyStream({ ...source, ...restriction.kept }, restriction, supergraph);
    const planned = source.plan(restriction?.kept ?? parts, draw);
    planned.catch(() => undefined);
    await source.validated;
    // What does not depend on the plan is compiled while it is made.
    const variant = prepareVariant({ ...source, ...parts }, restriction?.denied, supergraph, scope);
    return variant(await planned);
  };
  // Who may not read all of it gets the answer whole, errors included.
  const executeIncrementally = given.restrict ? undefined : compileIncremental(given, supergraph, scope);
  const only = names.length === 0 && !source.drawOverride ? await compile({}) : undefined;
  const variants = new BoundedCache<Promise<Variant>>(maxVariants);
  const variantFor = (variables: Variables): Variant | Promise<Variant> => {
    if (only) return only;
    const draw = source.drawOverride?.();
    const key =
      names.map((name) => (variables[name] === true ? '1' : '0')).join('') + (draw === undefined ? '' : `@${draw}`);
    const known = variants.get(key);
    if (known) return known;
    const made = compile(Object.fromEntries(names.map((name) => [name, variables[name] === true])), draw);
    variants.set(key, made);
    made.catch(() => variants.delete(key));
    return made;
  };
  const allIncluded = resolveConditions(source, Object.fromEntries(names.map((name) => [name, true])));
  return {
    text: source.text,
    operationName: source.operationName,
    name: source.operation.name?.value,
    kind: source.operation.operation,
    rootFields: rootFieldsOf({ ...source, ...allIncluded }, supergraph),
    coerceVariables: createCoercion(source.operation, supergraph),
    execute: async (variables, context) => (await variantFor(variables)).execute(variables, context),
    stream: async (variables, principal) => (await variantFor(variables)).stream(variables, principal),
    executeIncrementally,
  };
}

/** A stream of events that the caller may not read is not opened. */
function refuseEmptyStream(source: OperationSource, { denied }: Restriction, supergraph: Supergraph): void {
  if (source.operation.operation !== 'subscription' || rootFieldsOf(source, supergraph).length > 0) return;
  throw refuseWith(
    403,
    [...denied.values()].flatMap((failure) => Failure.errorsOf(failure)),
  );
}
