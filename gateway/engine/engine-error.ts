import { findMistake, SupergraphError } from '../supergraph/supergraph-error.ts';

export type EngineName = 'native' | 'apollo';

const remedies: Readonly<Record<EngineName, string>> = {
  native:
    'The native planner cannot be used on this machine. Run the gateway with engine: auto (or apollo), with @apollo/gateway installed beside it: npm install @apollo/gateway@2.14.4.',
  apollo:
    'The fallback engine needs @apollo/gateway, which cannot be loaded. Install it: npm install @apollo/gateway@2.14.4.',
};

/** The native planner does not take this supergraph, though it loads. Another engine may. */
export class UnplannableSupergraphError extends SupergraphError {
  constructor(sdl: string, cause: unknown) {
    super(findMistake(sdl) ?? `the native planner does not take it: ${firstLine(cause)}`);
    this.name = 'UnplannableSupergraphError';
  }
}

/** An engine cannot be loaded here, whatever the supergraph. */
export class EngineError extends Error {
  readonly code = 'ENGINE_UNAVAILABLE';
  readonly engine: EngineName;

  constructor(engine: EngineName, cause: unknown) {
    super(`${remedies[engine]} The reason: ${firstLine(cause)}`, { cause });
    this.name = 'EngineError';
    this.engine = engine;
  }
}

/** Neither engine can be loaded: nothing can be served. */
export class NoEngineError extends Error {
  readonly code = 'ENGINE_UNAVAILABLE';

  constructor(native: EngineError, apollo: EngineError) {
    super(
      `No engine can be loaded. Install the fallback: npm install @apollo/gateway@2.14.4. The native planner: ${firstLine(native.cause)} @apollo/gateway: ${firstLine(apollo.cause)}`,
      { cause: new AggregateError([native, apollo]) },
    );
    this.name = 'NoEngineError';
  }
}

const firstLine = (cause: unknown): string => {
  const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  return /[.!?]$/.test(line) ? line : `${line}.`;
};
