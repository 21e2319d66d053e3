import type { ErpPort } from '../../connectors/erp/port.ts';
import type { GraphQLResolverMap } from '../resolver-map.ts';
import type { AnyTransition, TransitionAnswer } from '../transition.ts';
import type { MetaInput } from '../transition-executor.ts';
import { createConfirmationTransitions } from './confirmation-transitions.ts';
import type { ErpContext } from './context.ts';
import { createDeliveryTransitions } from './delivery-transitions.ts';
import { createOrderTransitions } from './order-transitions.ts';
import { createStockTransitions } from './stock-transitions.ts';
import { createWorkCenterTransitions } from './work-center-transitions.ts';

/** Every way to change something in the ERP. */
export function createErpTransitions(port: ErpPort): readonly AnyTransition[] {
  return [
    ...createOrderTransitions(port),
    ...createConfirmationTransitions(port),
    ...createStockTransitions(port),
    ...createDeliveryTransitions(port),
    ...createWorkCenterTransitions(port),
  ];
}

interface MutationArguments {
  readonly input: unknown;
  readonly meta: MetaInput;
}

/** A mutation field for each of them: what it does is the executor's. */
export function mutations(transitions: readonly AnyTransition[]): GraphQLResolverMap<ErpContext> {
  const perform =
    (name: string) =>
    async (_root: unknown, { input, meta }: MutationArguments, context: ErpContext): Promise<TransitionAnswer> => {
      const answer = await context.executor.execute({ name, input, meta, principal: context.principal });
      context.renewLoaders();
      return answer;
    };
  return { Mutation: Object.fromEntries(transitions.map(({ name }) => [name, perform(name)])) };
}
