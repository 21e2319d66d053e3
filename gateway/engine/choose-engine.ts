import type { Logger } from '../../runtime/logger.ts';
import { createApolloEngine } from '../fallback-engine/create-apollo-engine.ts';
import { createNativeEngine, type Engine, type EngineOptions } from './engine.ts';
import { EngineError, NoEngineError } from './engine-error.ts';

/** @throws SupergraphError, EngineError, NoEngineError */
export type CreateEngine = (options: EngineOptions) => Promise<Engine>;

/**
 * The engine that the configuration names. `auto` is the native one, and the fallback where it cannot be loaded, which is
 * warned of once, however often the supergraph is replaced.
 */
export function chooseEngine(name: 'native' | 'apollo' | 'auto', log: Logger): CreateEngine {
  if (name === 'native') return createNativeEngine;
  if (name === 'apollo') return createApolloEngine;
  let hasWarned = false;
  return async (options) => {
    try {
      return await createNativeEngine(options);
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause;
      const engine = await createApolloEngine(options).catch((second: unknown) => {
        throw second instanceof EngineError ? new NoEngineError(cause, second) : second;
      });
      if (!hasWarned)
        log.warn('the native planner cannot be used: the fallback engine answers, without subscriptions', { cause });
      hasWarned = true;
      return engine;
    }
  };
}
