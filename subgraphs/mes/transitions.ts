import type { MesPort } from '../../connectors/mes/port.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { GraphReader } from '../graph-reader.ts';
import type { AnyTransition } from '../transitions/transition.ts';
import { createDispatchOperation } from './dispatch-operation.ts';
import { createDowntimeTransitions } from './downtime-transitions.ts';
import { createOperationTransitions } from './operation-transitions.ts';

/** Every way to change something in the MES. */
export function createMesTransitions(
  port: MesPort,
  graph: GraphReader,
  { clock, timers }: Pick<Runtime, 'clock' | 'timers'>,
): readonly AnyTransition[] {
  const sources = { port, graph, clock, timers };
  return [
    createDispatchOperation(port, graph),
    ...createOperationTransitions(sources),
    ...createDowntimeTransitions(sources),
  ];
}
