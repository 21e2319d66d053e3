import type { QmsPort } from '../../connectors/qms/port.ts';
import type { GraphQLResolverMap } from '../resolver-map.ts';
import type { SubgraphOptions } from '../subgraph.ts';
import type { AnyTransition, TransitionAnswer } from '../transition.ts';
import type { MetaInput } from '../transition-executor.ts';
import type { QmsContext } from './context.ts';
import {
  approveDisposition,
  proposeDisposition,
  rejectDisposition,
  settleDisposition,
} from './disposition-transitions.ts';
import { acknowledgeHold, placeHold, releaseHold } from './hold-transitions.ts';
import { createInspectionLot, decideInspectionLot, recordInspectionResult } from './inspection-transitions.ts';
import { closeNonconformance, raiseNonconformance } from './nonconformance-transitions.ts';
import { createWhereItIs } from './where-it-is.ts';

/** Everything that can be done in quality, each the name of its mutation. */
export function createQmsTransitions(
  port: QmsPort,
  { graph, journal, runtime }: Pick<SubgraphOptions, 'graph' | 'journal' | 'runtime'>,
): readonly AnyTransition[] {
  const whereItIs = createWhereItIs(port, graph, runtime.timers);
  return [
    createInspectionLot(port, whereItIs),
    recordInspectionResult(port),
    decideInspectionLot(port),
    placeHold(port, whereItIs, journal, runtime),
    acknowledgeHold(port),
    releaseHold(port),
    proposeDisposition(port),
    approveDisposition(port),
    rejectDisposition(port),
    settleDisposition(port),
    raiseNonconformance(port),
    closeNonconformance(port),
  ];
}

interface MutationArguments {
  readonly input: unknown;
  readonly meta: MetaInput;
}

/** A mutation field for each of them: what it does is the executor's. */
export function mutations(transitions: readonly AnyTransition[]): GraphQLResolverMap<QmsContext> {
  const perform =
    (name: string) =>
    async (_root: unknown, { input, meta }: MutationArguments, context: QmsContext): Promise<TransitionAnswer> => {
      const answer = await context.executor.execute({ name, input, meta, principal: context.principal });
      context.renewLoaders();
      return answer;
    };
  return { Mutation: Object.fromEntries(transitions.map(({ name }) => [name, perform(name)])) };
}
