import type { CompiledOperation, Variables } from '../execution/compiled-operation.ts';
import type { RequestContext } from '../request/request-context.ts';
import { type DeliveryPolicy, noRule, type SubscriptionRule } from '../supergraph/subscription-rules.ts';
import { cursorReader } from './event-cursor.ts';
import type { OperationServices } from './operation-services.ts';
import { resumableFormOf } from './resumable-operation.ts';
import type { StreamRequest } from './shared-stream.ts';
import { streamKey, streamStart } from './stream-key.ts';
import type { Resumption } from './upstream.ts';

export interface DescribedOperation {
  readonly operation: CompiledOperation;
  readonly variables: Variables;
  readonly context: RequestContext;
}

/** What is to be known of a subscription to share it, to resume it and to deliver it. */
export function describeStream(
  services: Pick<OperationServices, 'engine' | 'config'>,
  { operation, variables, context }: DescribedOperation,
): StreamRequest {
  const { engine, config } = services;
  const { supergraph } = engine;
  const { operationName, rootFields } = operation;
  const [field] = rootFields;
  const name = field?.name.value ?? '';
  const rule = supergraph.subscriptionRules.get(name) ?? noRule;
  const form = resumableFormOf(operation, supergraph);
  const others = form ? without(variables, form.cursor) : variables;
  const { principal, forwarded } = context;
  const text = form?.text ?? operation.text;
  const key = streamKey({ text, operationName, variables: others, principal, forwarded }, config.shareBy);
  const cursorOf = cursorReader(rootFields, supergraph.subscriptionRules);
  const resumption: Resumption | undefined = form &&
    cursorOf && {
      cursorOf,
      async openAfter(cursor) {
        const resumed = await engine.preparer.prepare(form.text, operationName);
        return { operation: resumed, variables: resumed.coerceVariables({ ...others, [form.cursor]: cursor }) };
      },
    };
  return {
    operation,
    variables,
    context,
    key,
    start: streamStart(rootFields, variables, supergraph.subscriptionRules),
    resumption,
    delivery: deliveryOf(name, rule, config),
    isFinite: rule.isFinite,
  };
}

function without(variables: Variables, name: string): Variables {
  const { [name]: _, ...others } = variables;
  return others;
}

/** The configuration wins over the schema, and who wants every event over who wants the latest. */
function deliveryOf(
  field: string,
  { delivery }: SubscriptionRule,
  { mustDeliverFields, latestFields }: OperationServices['config'],
): DeliveryPolicy {
  if (mustDeliverFields.includes(field)) return 'MUST_DELIVER';
  return latestFields.includes(field) ? 'LATEST' : delivery;
}
