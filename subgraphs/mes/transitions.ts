import type { MesPort } from '../../connectors/mes/port.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { GraphReader } from '../graph-reader.ts';
import type { GraphQLResolverMap } from '../resolver-map.ts';
import type { AnyTransition, TransitionAnswer } from '../transition.ts';
import type { MetaInput } from '../transition-executor.ts';
import type { MesContext } from './context.ts';
import { createDispatchOperation } from './dispatch-operation.ts';
import { createDowntimeTransitions } from './downtime-transitions.ts';
import { createOperationTransitions } from './operation-transitions.ts';

/** Every way to change something in the MES. */
export function createMesTransitions(port: MesPort, graph: GraphReader, timers: Timers): readonly AnyTransition[] {
  const sources = { port, graph, timers };
  return [
    createDispatchOperation(port, graph),
    ...createOperationTransitions(sources),
    ...createDowntimeTransitions(sources),
  ];
}

interface MutationArguments {
  readonly input: unknown;
  readonly meta: MetaInput;
}

/** A mutation field for each of them: what it does is the executor's. */
export function mutations(transitions: readonly AnyTransition[]): GraphQLResolverMap<MesContext> {
  const perform =
    (name: string) =>
    async (_root: unknown, { input, meta }: MutationArguments, context: MesContext): Promise<TransitionAnswer> => {
      const answer = await context.executor.execute({ name, input, meta, principal: context.principal });
      context.renewLoaders();
      return answer;
    };
  return { Mutation: Object.fromEntries(transitions.map(({ name }) => [name, perform(name)])) };
}
