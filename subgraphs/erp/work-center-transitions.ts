import type {
  CapacityStatus,
  ErpPort,
  ErpResults,
  SetWorkCenterCapacity,
  WorkCenterRow,
} from '../../connectors/erp/port.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, id } from '../transitions/input-checks.ts';
import type { AnyTransition, Transition } from '../transitions/transition.ts';
import { workCenterId, workCenterKey } from './keys.ts';
import { capacityMachine } from './machines.ts';

interface CapacityInput {
  readonly workCenterId: string;
  readonly capacityStatus: CapacityStatus;
  readonly causeRef: string;
}

export const workCenterTransitionNames: readonly string[] = ['setWorkCenterCapacity'];

export function createWorkCenterTransitions(port: ErpPort): readonly AnyTransition[] {
  const setCapacity: Transition<WorkCenterRow, CapacityInput, SetWorkCenterCapacity> = {
    name: 'setWorkCenterCapacity',
    machine: capacityMachine,
    action: 'setCapacity',
    checks: { workCenterId: id, capacityStatus: asDeclared, causeRef: id },
    guards: [],
    async load(input) {
      const key = workCenterKey(input.workCenterId);
      return key && ((await port.workCentersByKeys([key]))[0] ?? null);
    },
    subject: (workCenter) => ({
      id: workCenterId(workCenter),
      plantCode: workCenter.plantCode,
      line: workCenter.lineCode,
      partner: null,
      version: workCenter.version,
      state: workCenter.capacityStatus,
    }),
    touches: () => [],
    // The causes add up, so only a version that the caller saw counts.
    command: ({ entity, input, meta }) => ({
      name: 'setWorkCenterCapacity',
      plantCode: entity.plantCode,
      expectedVersion: meta.expectedVersion,
      workCenterCode: entity.workCenterCode,
      capacityStatus: input.capacityStatus,
      causeRef: input.causeRef,
    }),
    effects(call, posting) {
      const { from, to } = posting.result as ErpResults['setWorkCenterCapacity'];
      if (from === to) return { toState: to, events: [] };
      const { workCenterCode, plantCode, lineCode } = call.entity;
      const event = eventOf(call, {
        type: 'work-center.capacityChanged',
        system: 'ERP',
        subject: workCenterId(call.entity),
        plantCode,
        line: lineCode,
        partner: null,
        stateChange: `${from}>${to}`,
        data: { workCenterCode, from, to },
      });
      return { toState: to, events: [event] };
    },
  };
  return [setCapacity];
}
