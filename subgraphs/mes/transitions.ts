import type { MesPort } from '../../connectors/mes/port.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { GraphReader } from '../graph-reader.ts';
import type { AnyTransition } from '../transitions/transition.ts';
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
