import type { OperationDefinitionNode } from 'graphql';
import type { DocumentPlan } from '../../planning/document-planner.ts';
import type { PlanNode } from '../../planning/plan.ts';
import type { RequestContext } from '../../request/request-context.ts';
import type { Supergraph } from '../../supergraph/load-supergraph.ts';
import type { OperationAnswer } from '../answer.ts';
import type { CompiledOperation, OperationSource, Restriction, Variables } from '../compiled-operation.ts';
import type { ExecutionScope } from '../fetch/call-subgraph.ts';
import { createFindGivers } from '../fetch/givers.ts';
import { rootFieldsOf } from '../root-fields.ts';
import { type FindGivers, Run } from '../run.ts';
import { tellMisfits } from '../tell-misfits.ts';
import { compileResponseWriter, introspectionFields, type ResponseWriter } from '../write/response-writer.ts';
import { compilePlans } from './compile-plan.ts';
import { compileSubscription } from './compile-subscription.ts';
import { compileIntrospection } from './introspection.ts';

/** The operation under fixed conditions. */
export type Variant = Pick<CompiledOperation, 'execute' | 'stream'>;

/**
 * What does not depend on the plan is compiled at once, while the plan is made; the rest when it is there.
 * @param denied why fields of `source` are not asked for
 */
export function prepareVariant(
  source: OperationSource,
  denied: Restriction['denied'] | undefined,
  supergraph: Supergraph,
  scope: ExecutionScope,
): (plan: DocumentPlan) => Variant {
  const { operation, fragments, rootType } = source;
  const { schema, fieldSource } = supergraph;
  const writerFor = (isDisentangled: boolean) =>
    compileResponseWriter({ schema, fragments, fieldSource, isDisentangled, denied }, rootType, operation.selectionSet);
  const usual = writerFor(false);
  const asked = rootFieldsOf(source, supergraph).filter(({ name }) => introspectionFields.has(name.value));
  const introspect = compileIntrospection(schema, operation, fragments, asked);
  return ({ plans, isDisentangled }) => {
    const findGivers = createFindGivers(plans, scope.types);
    const write = isDisentangled ? writerFor(true) : usual;
    return compileVariant({ kind: operation.operation, plans, write, findGivers, introspect }, scope);
  };
}

interface VariantParts {
  readonly kind: OperationDefinitionNode['operation'];
  readonly plans: readonly PlanNode[];
  readonly write: ResponseWriter;
  readonly findGivers: FindGivers;
  readonly introspect: ReturnType<typeof compileIntrospection>;
}

function compileVariant({ kind, plans, write, findGivers, introspect }: VariantParts, scope: ExecutionScope): Variant {
  const finish = (run: Run): OperationAnswer => {
    const { data, errors } = write(run);
    tellMisfits(scope, run);
    return { data, errors, sources: run.sources(), plans };
  };
  if (kind === 'subscription') return compileSubscription({ plans, findGivers, finish }, scope);
  const step = compilePlans(plans, scope);
  const runPlan = async (variables: Variables, context: RequestContext) => {
    const run = new Run(variables, context, introspect?.(variables));
    run.findGivers = findGivers;
    try {
      await step(run);
      return finish(run);
    } finally {
      scope.room.release(run);
    }
  };
  const { sharing } = scope;
  const key = sharing.nextOperation();
  return {
    execute(variables, context) {
      if (kind === 'mutation') {
        return runPlan(variables, { ...context, mayShare: false }).finally(() => sharing.fence());
      }
      const run = (its: RequestContext) => runPlan(variables, its);
      return sharing.shareAnswer({ operation: key, variables, context, run });
    },
    stream() {
      throw new Error('Only a subscription opens a stream.');
    },
  };
}
