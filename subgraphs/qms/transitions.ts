import type { QmsPort } from '../../connectors/qms/port.ts';
import type { SubgraphOptions } from '../subgraph.ts';
import type { AnyTransition } from '../transitions/transition.ts';
import {
  approveDisposition,
  proposeDisposition,
  rejectDisposition,
  settleDisposition,
} from './disposition-transitions.ts';
import { acknowledgeHold, releaseHold } from './hold-transitions.ts';
import { createInspectionLot, decideInspectionLot, recordInspectionResult } from './inspection-transitions.ts';
import { closeNonconformance, raiseNonconformance } from './nonconformance-transitions.ts';
import { placeHold } from './place-hold.ts';
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
    placeHold({ port, whereItIs, journal, ids: runtime.ids, timers: runtime.timers }),
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
