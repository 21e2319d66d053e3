import type { Logger } from '../../runtime/logger.ts';
import { createApolloEngine } from '../fallback-engine/create-apollo-engine.ts';
import { createNativeEngine, type Engine, type EngineOptions } from './engine.ts';
import { EngineError, NoEngineError, UnplannableSupergraphError } from './engine-error.ts';

/** @throws SupergraphError, EngineError, NoEngineError */
export type CreateEngine = (options: EngineOptions) => Promise<Engine>;

/**
 * The engine that the configuration names. `auto` is the native one, and the fallback where it cannot be loaded, or does
 * not take the supergraph: which is warned of once, however often the supergraph is replaced, until the native one is back.
 */
export function chooseEngine(name: 'native' | 'apollo' | 'auto', log: Logger): CreateEngine {
  if (name === 'native') return createNativeEngine;
  if (name === 'apollo') return createApolloEngine;
  let hasWarned = false;
  return async (options) => {
    try {
      const engine = await createNativeEngine(options);
      hasWarned = false;
      return engine;
    } catch (cause) {
      if (!(cause instanceof EngineError || cause instanceof UnplannableSupergraphError)) throw cause;
      const engine = await createApolloEngine(options).catch((second: unknown) => {
        throw neither(cause, second);
      });
      if (!hasWarned) {
        const problem = cause.message;
        log.warn('the native planner cannot be used: the fallback engine answers, without subscriptions', { problem });
      }
      hasWarned = true;
      return engine;
    }
  };
}

/** What neither planner takes is wrong; who has to mend the supergraph need not know of engines. */
function neither(native: EngineError | UnplannableSupergraphError, apollo: unknown): unknown {
  if (native instanceof UnplannableSupergraphError) return native;
  return apollo instanceof EngineError ? new NoEngineError(native, apollo) : apollo;
}
