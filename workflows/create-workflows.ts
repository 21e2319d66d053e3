import type { ExceptionPort } from '../connectors/ops/port.ts';
import type { GraphClient } from './client.ts';
import { type EngineOptions, WorkflowEngine } from './engine.ts';
import { createExceptionPort } from './exception-port.ts';
import { rules } from './rules.ts';

export interface WorkflowsOptions extends Omit<EngineOptions, 'client' | 'rules'> {
  /** The gateway. It is not asked before `start`. */
  readonly graph: GraphClient;
}

/** What must follow. */
export interface Workflows {
  /** What waits for a person, for the graph to list, retry and resolve. Works without `start`. */
  readonly exceptions: ExceptionPort;
  /** The position up to which every event has been taken: later ones must be kept. Works without `start`. */
  takenUpTo(): Promise<string>;
  /** Goes on where the last process stopped. */
  start(): Promise<void>;
  /** Takes up nothing new, and resolves when what runs has ended. Comes before the stores are closed. */
  stop(): Promise<void>;
  /** Resolves when every event so far has had its consequences, or a person knows why not. */
  idle(): Promise<void>;
}

export function createWorkflows({ graph, ...options }: WorkflowsOptions): Workflows {
  const engine = new WorkflowEngine({ ...options, client: graph, rules });
  return {
    exceptions: createExceptionPort(options.database, options.runtime),
    takenUpTo: () => engine.takenUpTo(),
    start: () => engine.start(),
    stop: () => engine.stop(),
    idle: () => engine.idle(),
  };
}
