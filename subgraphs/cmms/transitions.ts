import type { CmmsPort } from '../../connectors/cmms/port.ts';
import type { GraphQLResolverMap } from '../resolver-map.ts';
import type { AnyTransition, TransitionAnswer } from '../transition.ts';
import type { MetaInput } from '../transition-executor.ts';
import { createAssetTransitions } from './asset-transitions.ts';
import type { CmmsContext } from './context.ts';
import { createMaintenanceTransitions } from './maintenance-transitions.ts';

/** Every way to change something in the CMMS. */
export function createCmmsTransitions(port: CmmsPort): readonly AnyTransition[] {
  return [...createMaintenanceTransitions(port), ...createAssetTransitions(port)];
}

interface MutationArguments {
  readonly input: unknown;
  readonly meta: MetaInput;
}

/** A mutation field for each of them: what it does is the executor's. */
export function mutations(transitions: readonly AnyTransition[]): GraphQLResolverMap<CmmsContext> {
  const perform =
    (name: string) =>
    async (_root: unknown, { input, meta }: MutationArguments, context: CmmsContext): Promise<TransitionAnswer> => {
      const answer = await context.executor.execute({ name, input, meta, principal: context.principal });
      context.renewLoaders();
      return answer;
    };
  return { Mutation: Object.fromEntries(transitions.map(({ name }) => [name, perform(name)])) };
}
