import type {
  CompleteOperation,
  HoldOperation,
  MesResults,
  OperationRow,
  OperationStateCommand,
  UnholdOperation,
} from '../../connectors/mes/port.ts';
import type { EventData } from '../../journal/catalogue.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import type { NewEvent } from '../../journal/envelope.ts';
import type { Restriction } from '../../journal/restriction.ts';
import { eventOf } from '../transitions/event-of.ts';
import { amount, id } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { AnyTransition, Call, Guard, Touch, Transition } from '../transitions/transition.ts';
import { lotId, materialId, operationId, operationKey, orderId, workCenterId } from './keys.ts';
import { operationMachine } from './machines.ts';
import {
  type Amount,
  checkAmount,
  commandBase,
  factsOf,
  type Load,
  type OperationInput,
  placeOf,
  subjectOf,
} from './operation-parts.ts';
import { type ConsumptionSources, recordConsumption } from './record-consumption.ts';

interface CompleteInput extends OperationInput {
  readonly yieldQuantity: Amount;
  readonly scrapQuantity: Amount;
}

interface CauseInput extends OperationInput {
  readonly causeRef: EntityId;
}

/** In the order in which an operation goes through them. */
export const operationTransitionNames: readonly string[] = [
  'startOperation',
  'pauseOperation',
  'resumeOperation',
  'completeOperation',
  'abortOperation',
  'holdOperation',
  'unholdOperation',
  'recordConsumption',
];

export function createOperationTransitions(sources: ConsumptionSources): readonly AnyTransition[] {
  const { port } = sources;
  const load: Load = async (input) => {
    const key = operationKey(input.operationId);
    return key && ((await port.operationsByKeys([key]))[0] ?? null);
  };
  return [
    ...stateChanges.map((change) => changeState(load, change)),
    completeOperation(load),
    changeCause(load, 'holdOperation'),
    changeCause(load, 'unholdOperation'),
    recordConsumption(load, sources),
  ];
}

type OperationEvent = Extract<keyof EventData, `production.operation.${string}`>;
type OperationCall<Input = OperationInput> = Call<OperationRow, Input>;

/** A restriction on the operation, its order, the lot that it makes and its material, or where it runs. */
function touched(restriction: Restriction) {
  return (operation: OperationRow): readonly Touch[] => [
    {
      entities: [operationId, orderId, lotId, materialId, workCenterId].map((idOf) => idOf(operation)),
      restriction,
    },
  ];
}

function announce<Type extends OperationEvent>(
  call: OperationCall,
  type: Type,
  change: { readonly from: string | null; readonly to: string },
  data: EventData[Type],
): NewEvent {
  const stateChange = change.from === change.to ? null : `${change.from ?? ''}>${change.to}`;
  return eventOf(call, {
    type,
    ...placeOf(call.entity),
    subject: operationId(call.entity),
    stateChange,
    data,
  }) as NewEvent;
}

interface StateChange {
  readonly name: OperationStateCommand['name'];
  readonly action: keyof typeof operationMachine.actions;
  readonly reasonRequired?: boolean;
  readonly guards?: readonly Guard<OperationRow, OperationInput>[];
  readonly touches?: (operation: OperationRow) => readonly Touch[];
  readonly event: (call: OperationCall, change: MesResults['operationState']) => NewEvent;
}

/** What has to become of the step before, so that this one may begin. */
const remedyForWaiting: Readonly<
  Record<Exclude<OperationRow['state'], 'RUNNING' | 'ENDED'>, (operationNo: string) => string>
> = {
  NOT_ALLOWED_TO_START: (no) => `Resolve what keeps operation ${no} from starting (its heldBy), then start it.`,
  ALLOWED_TO_START: (no) => `Start operation ${no} first.`,
  HELD: (no) => `Resolve what holds operation ${no} (its heldBy), then resume it.`,
  SUSPENDED: (no) => `Resume operation ${no} first.`,
  ABORTED: (no) => `Operation ${no} does not go on: have production control decide what becomes of the order.`,
};

/** Packaging may run while filling runs, but nothing begins before the step before it has. */
const predecessorsHaveBegun: Guard<OperationRow, OperationInput> = {
  name: 'predecessors',
  check: ({ plantCode, orderNo, predecessors, state }) => {
    if (state !== 'ALLOWED_TO_START' && state !== 'NOT_ALLOWED_TO_START') return [];
    return predecessors.flatMap(({ operationNo, state: before }) => {
      if (before === 'RUNNING' || before === 'ENDED') return [];
      return {
        code: 'SEQUENCE_VIOLATION',
        system: 'MES',
        guard: 'predecessors',
        message: `Operation ${operationNo} of order ${orderNo} comes before it, and is ${before}.`,
        remediation: remedyForWaiting[before](operationNo),
        blockingRef: operationId({ plantCode, orderNo, operationNo }),
      };
    });
  },
};

const stateChanges: readonly StateChange[] = [
  {
    name: 'startOperation',
    action: 'start',
    guards: [predecessorsHaveBegun],
    touches: touched('START_OPERATION'),
    event: (call, change) => announce(call, 'production.operation.started', change, factsOf(call.entity)),
  },
  {
    name: 'pauseOperation',
    action: 'pause',
    reasonRequired: true,
    event: (call, change) => announce(call, 'production.operation.paused', change, factsAndReason(call)),
  },
  {
    name: 'resumeOperation',
    action: 'resume',
    touches: touched('START_OPERATION'),
    event: (call, change) => announce(call, 'production.operation.resumed', change, factsOf(call.entity)),
  },
  {
    name: 'abortOperation',
    action: 'abort',
    reasonRequired: true,
    event: (call, change) => announce(call, 'production.operation.aborted', change, factsAndReason(call)),
  },
];

function factsAndReason({ entity, meta }: OperationCall) {
  return { ...factsOf(entity), reason: meta.reason?.text ?? '' };
}

function changeState(
  load: Load,
  { name, action, reasonRequired = false, guards = [], touches = () => [], event }: StateChange,
): Transition<OperationRow, OperationInput, OperationStateCommand> {
  return {
    name,
    machine: operationMachine,
    action,
    reasonRequired,
    checks: { operationId: id },
    guards,
    load,
    subject: subjectOf,
    touches,
    command: (call) => ({ name, ...commandBase(call), expectedVersion: call.entity.version }),
    effects(call, posting) {
      const change = posting.result as MesResults['operationState'];
      return { toState: change.to, events: [event(call, change)] };
    },
  };
}

const quantitiesAreTheOrders: Guard<OperationRow, CompleteInput> = {
  name: 'quantities',
  check(operation, input): readonly Rejection[] {
    if (input === null) return [];
    return [input.yieldQuantity, input.scrapQuantity].flatMap((amount) =>
      checkAmount(amount, operation.unit, 'or zero'),
    );
  },
};

function completeOperation(load: Load): Transition<OperationRow, CompleteInput, CompleteOperation> {
  return {
    name: 'completeOperation',
    machine: operationMachine,
    action: 'complete',
    checks: { operationId: id, yieldQuantity: amount, scrapQuantity: amount },
    guards: [quantitiesAreTheOrders],
    load,
    subject: subjectOf,
    touches: touched('COMPLETE_OPERATION'),
    command: (call) => ({
      name: 'completeOperation',
      ...commandBase(call),
      expectedVersion: call.entity.version,
      yieldQuantity: call.input.yieldQuantity.value,
      scrapQuantity: call.input.scrapQuantity.value,
    }),
    effects(call, posting) {
      const change = posting.result as MesResults['operationState'];
      const { yieldQuantity, scrapQuantity } = call.input;
      const event = announce(call, 'production.operation.completed', change, {
        ...factsOf(call.entity),
        yieldQuantity: yieldQuantity.value,
        scrapQuantity: scrapQuantity.value,
        unit: yieldQuantity.unit,
        lot: lotId(call.entity),
      });
      return { toState: change.to, events: [event] };
    },
  };
}

/** The causes add up, so only a version that the caller saw counts. */
function changeCause(
  load: Load,
  name: 'holdOperation' | 'unholdOperation',
): Transition<OperationRow, CauseInput, HoldOperation | UnholdOperation> {
  return {
    name,
    machine: operationMachine,
    action: name === 'holdOperation' ? 'hold' : 'unhold',
    checks: { operationId: id, causeRef: id },
    guards: [],
    load,
    subject: subjectOf,
    touches: () => [],
    command: (call) => ({
      name,
      ...commandBase(call),
      expectedVersion: call.meta.expectedVersion,
      causeRef: call.input.causeRef,
    }),
    effects(call, posting) {
      const change = posting.result as MesResults['operationCause'];
      if (!change.changed) return { toState: change.to, events: [] };
      const facts = factsOf(call.entity);
      const event =
        name === 'holdOperation'
          ? announce(call, 'production.operation.held', change, { ...facts, causes: change.causes as EntityId[] })
          : announce(call, 'production.operation.unheld', change, { ...facts, cause: call.input.causeRef });
      return { toState: change.to, events: [event] };
    },
  };
}
