import type { Principal } from '../../auth/principal.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { AnyTransition, TransitionAnswer } from './transition.ts';
import type { TransitionExecutor } from './transition-executor.ts';
import type { MetaInput } from './transition-meta.ts';

interface MutationArguments {
  readonly input: unknown;
  readonly meta: MetaInput;
}

interface MutationContext {
  readonly principal: Principal;
  readonly executor: TransitionExecutor;
  /** What was loaded before the change is not true any more. */
  renewLoaders(): void;
}

/** A mutation field for each transition: what it does is the executor's. */
export function mutations<Context extends MutationContext>(
  transitions: readonly AnyTransition[],
): GraphQLResolverMap<Context> {
  const perform =
    (name: string) =>
    async (_root: unknown, { input, meta }: MutationArguments, context: Context): Promise<TransitionAnswer> => {
      const answer = await context.executor.execute({ name, input, meta, principal: context.principal });
      context.renewLoaders();
      return answer;
    };
  return { Mutation: Object.fromEntries(transitions.map(({ name }) => [name, perform(name)])) };
}
