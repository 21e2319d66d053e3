import type { Principal } from '../../auth/principal.ts';
import { compareDecimals } from '../../connectors/decimal.ts';
import type {
  CompleteOperation,
  HoldOperation,
  LotKey,
  MesPort,
  MesResults,
  OperationRow,
  OperationStateCommand,
  RecordConsumption,
  UnholdOperation,
} from '../../connectors/mes/port.ts';
import type { EventData } from '../../journal/catalogue.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import type { NewEvent } from '../../journal/envelope.ts';
import type { Restriction } from '../../journal/restriction.ts';
import type { Timers } from '../../runtime/timers.ts';
import { excerptOf } from '../excerpt-of.ts';
import type { GraphReader } from '../graph-reader.ts';
import { eventOf } from '../transitions/event-of.ts';
import { amount, id } from '../transitions/input-checks.ts';
import { orNull } from '../transitions/or-null.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { AnyTransition, Call, Guard, Subject, Touch, Transition } from '../transitions/transition.ts';
import { lotId, lotKey, materialId, operationId, operationKey, orderId, orderKey, workCenterId } from './keys.ts';
import { operationMachine } from './machines.ts';

interface OperationInput {
  readonly operationId: string;
}

interface Amount {
  readonly value: string;
  readonly unit: string;
}

interface CompleteInput extends OperationInput {
  readonly yieldQuantity: Amount;
  readonly scrapQuantity: Amount;
}

interface CauseInput extends OperationInput {
  readonly causeRef: EntityId;
}

interface ConsumptionInput extends OperationInput {
  readonly lotId: string;
  readonly quantity: Amount;
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

interface Sources {
  readonly port: MesPort;
  readonly graph: GraphReader;
  readonly timers: Timers;
}

export function createOperationTransitions(sources: Sources): readonly AnyTransition[] {
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

type Load = (input: OperationInput) => Promise<OperationRow | null>;
type OperationEvent = Extract<keyof EventData, `production.operation.${string}`>;
type OperationCall<Input = OperationInput> = Call<OperationRow, Input>;

function subject(operation: OperationRow): Subject {
  const { plantCode, lineCode, partner, version, state } = operation;
  return { id: operationId(operation), plantCode, line: lineCode, partner, version, state };
}

/** A restriction on the operation, its order, the lot that it makes and its material, or where it runs. */
function touched(restriction: Restriction) {
  return (operation: OperationRow): readonly Touch[] => [
    {
      entities: [operationId, orderId, lotId, materialId, workCenterId].map((idOf) => idOf(operation)),
      restriction,
    },
  ];
}

const base = ({ entity, meta }: OperationCall) => ({
  plantCode: entity.plantCode,
  orderNo: entity.orderNo,
  operationNo: entity.operationNo,
  reason: meta.reason?.text ?? null,
});

const factsOf = ({ orderNo, operationNo, workCenterCode }: OperationRow) => ({ orderNo, operationNo, workCenterCode });

const placeOf = ({ plantCode, lineCode, partner }: OperationRow) => ({
  system: 'MES',
  plantCode,
  line: lineCode,
  partner,
});

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
    subject,
    touches,
    command: (call) => ({ name, ...base(call), expectedVersion: call.entity.version }),
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

function checkAmount({ value, unit }: Amount, expectedUnit: string | null, orZero = ''): readonly Rejection[] {
  const rejection = { system: 'MES', guard: 'quantities', blockingRef: null } as const;
  const found: Rejection[] = [];
  if (expectedUnit !== null && unit !== expectedUnit) {
    found.push({
      ...rejection,
      code: 'UNIT_CONVERSION_MISSING',
      message: `The order is made in ${expectedUnit}, not in ${unit}.`,
      remediation: `Give the quantity in ${expectedUnit}.`,
    });
  }
  const lowest = orZero ? 0 : 1;
  if (compareDecimals(value, '0') < lowest) {
    const message = `${value} ${unit} is no quantity that can be reported.`;
    const remediation = `Give a quantity above zero${orZero && `, ${orZero}`}.`;
    found.push({ ...rejection, code: 'QUANTITY_TOLERANCE', message, remediation });
  }
  return found;
}

function completeOperation(load: Load): Transition<OperationRow, CompleteInput, CompleteOperation> {
  return {
    name: 'completeOperation',
    machine: operationMachine,
    action: 'complete',
    checks: { operationId: id, yieldQuantity: amount, scrapQuantity: amount },
    guards: [quantitiesAreTheOrders],
    load,
    subject,
    touches: touched('COMPLETE_OPERATION'),
    command: (call) => ({
      name: 'completeOperation',
      ...base(call),
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
    subject,
    touches: () => [],
    command: (call) => ({
      name,
      ...base(call),
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

const lotIsALot: Guard<OperationRow, ConsumptionInput> = {
  name: 'lot',
  check(operation, input): readonly Rejection[] {
    if (input === null || lotKey(input.lotId)?.plantCode === operation.plantCode) return [];
    return [
      {
        code: 'NOT_FOUND',
        system: 'MES',
        guard: 'lot',
        message: `${excerptOf(input.lotId)} is no lot of plant ${operation.plantCode}.`,
        remediation: 'Check the id of the lot.',
        blockingRef: null,
      },
    ];
  },
};

const quantityIsPositive: Guard<OperationRow, ConsumptionInput> = {
  name: 'quantities',
  check: (_operation, input) => (input === null ? [] : checkAmount(input.quantity, null)),
};

/** An operation that is about to use a lot. */
interface ConsumingOperation extends OperationRow {
  /** The order that makes or made the lot; null for a bought lot, and when neither the MES nor the graph could say. */
  readonly producer?: EntityId | null;
}

/** A hold on the order that made a lot counts for the lot. The MES knows what it has made itself; the ERP knows the rest. */
async function producerOf(
  { port, graph, timers }: Sources,
  lot: LotKey,
  principal: Principal,
  signal: AbortSignal,
): Promise<EntityId | null> {
  const id = lotId(lot);
  const steps = (await orNull(port.operationsOfLots([lot]), timers)) ?? [];
  const maker = steps.find(({ operation }) => lotId(operation) === id)?.operation;
  if (maker) return orderId(maker);
  const query = 'query ProducingOrder($id: ID!) { lot(id: $id) { order { id } } }';
  const answer = await orNull(graph.query(query, { id }, principal, signal), timers);
  const found = answer?.data?.['lot'] as { readonly order: { readonly id: string } | null } | null | undefined;
  const order = orderKey(found?.order?.id ?? '');
  return order && orderId(order);
}

function recordConsumption(
  load: Load,
  sources: Sources,
): Transition<ConsumingOperation, ConsumptionInput, RecordConsumption> {
  return {
    name: 'recordConsumption',
    machine: operationMachine,
    action: 'consume',
    checks: { operationId: id, lotId: id, quantity: amount },
    guards: [lotIsALot, quantityIsPositive],
    async load(input, signal, principal) {
      const operation = await load(input);
      const lot = lotKey(input.lotId);
      return operation && { ...operation, producer: lot && (await producerOf(sources, lot, principal, signal)) };
    },
    subject,
    touches({ producer }, input) {
      const lot = input && lotKey(input.lotId);
      if (!lot) return [];
      return [{ entities: [lotId(lot), materialId(lot), ...(producer ? [producer] : [])], restriction: 'CONSUME' }];
    },
    command(call) {
      const { materialCode = '', lotNumber = '' } = lotKey(call.input.lotId) ?? {};
      return {
        name: 'recordConsumption',
        ...base(call),
        expectedVersion: call.meta.expectedVersion,
        materialCode,
        lotNumber,
        quantity: call.input.quantity.value,
        unit: call.input.quantity.unit,
      };
    },
    effects(call) {
      const { entity, input } = call;
      const consumed = lotKey(input.lotId);
      if (!consumed) return { toState: entity.state, events: [] };
      const lot = lotId(consumed);
      const data = { ...factsOf(entity), lot, quantity: input.quantity.value, unit: input.quantity.unit };
      const content = { type: 'material.consumed', ...placeOf(entity), subject: lot, stateChange: null, data } as const;
      return { toState: entity.state, events: [eventOf(call, content)] };
    },
  };
}
