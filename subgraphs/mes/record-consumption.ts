import type { Principal } from '../../auth/principal.ts';
import type { LotKey, MesPort, OperationRow, RecordConsumption } from '../../connectors/mes/port.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import { isoTime } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { excerptOf } from '../excerpt-of.ts';
import type { GraphReader } from '../graph-reader.ts';
import { eventOf } from '../transitions/event-of.ts';
import { amount, id } from '../transitions/input-checks.ts';
import { orNull } from '../transitions/or-null.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { Guard, Transition } from '../transitions/transition.ts';
import { forbiddenByQuality, forbiddenByStock, hasExpired, lotRejections } from '../uses-of-lots.ts';
import { lotId, lotKey, materialId, orderId, orderKey } from './keys.ts';
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

interface ConsumptionInput extends OperationInput {
  readonly lotId: string;
  readonly quantity: Amount;
}

export interface ConsumptionSources extends Pick<Runtime, 'clock' | 'timers'> {
  readonly port: MesPort;
  readonly graph: GraphReader;
}

/** An operation that is about to use a lot. */
interface ConsumingOperation extends OperationRow {
  readonly used?: UsedLot | null;
}

/** What the MES and the rest of the graph know of the lot; what nobody could say is null, or nothing. */
interface UsedLot {
  /** Whether it is certain that there is no such lot. */
  readonly isMissing: boolean;
  /** The order that makes or made it; null for a bought lot. */
  readonly producer: EntityId | null;
  readonly qualityState: string | null;
  readonly stockTypes: readonly string[];
  readonly expiresOn: string | null;
  /** Whether a hold stands on it, or on its material. */
  readonly isHeld: boolean;
}

const lotQuery = `query UsedLot($id: ID!, $holdable: [ID!]) {
  lot(id: $id) { order { id } expiresOn qualityState stock { stockType } }
  interlocks(filter: { entities: $holdable }) { nodes { kind } }
}`;

/** Anything may be missing, since its system may be away. */
interface LotAnswer {
  readonly order?: { readonly id: string } | null;
  readonly expiresOn?: string | null;
  readonly qualityState?: string | null;
  readonly stock?: readonly { readonly stockType: string | null }[] | null;
}

interface InterlocksAnswer {
  readonly nodes: readonly { readonly kind: string }[];
}

/**
 * The shop floor goes on while other systems are away: then the interlocks alone say what may not be used, and the MES which
 * lots it has made itself.
 */
async function factsOfLot(
  { port, graph, timers }: ConsumptionSources,
  lot: LotKey,
  principal: Principal,
  signal: AbortSignal,
): Promise<UsedLot> {
  const id = lotId(lot);
  const [steps, answer] = await Promise.all([
    orNull(port.operationsOfLots([lot]), timers),
    orNull(graph.query(lotQuery, { id, holdable: [id, materialId(lot)] }, principal, signal), timers),
  ]);
  const found = answer?.data?.['lot'] as LotAnswer | null | undefined;
  const interlocks = answer?.data?.['interlocks'] as InterlocksAnswer | null | undefined;
  const { order, qualityState = null, expiresOn = null, stock } = found ?? {};
  const maker = steps?.find(({ operation }) => lotId(operation) === id)?.operation ?? orderKey(order?.id ?? '');
  return {
    isMissing: steps?.length === 0 && found === null && answer?.errors.length === 0,
    producer: maker && orderId(maker),
    qualityState,
    stockTypes: [...new Set(stock?.flatMap(({ stockType }) => stockType ?? []))],
    expiresOn,
    isHeld: interlocks?.nodes.some(({ kind }) => kind === 'QUALITY_HOLD') ?? false,
  };
}

/**
 * What two people have scrapped, quality has rejected or nobody may use any more is not used, though no hold stands on it. While
 * one stands, its interlock says whether it forbids that: the ERP blocks the stock also of what may only not be shipped.
 */
function lotMayBeUsed(clock: Runtime['clock']): Guard<ConsumingOperation, ConsumptionInput> {
  return {
    name: 'usability',
    check({ used }, input): readonly Rejection[] {
      const lot = input && lotKey(input.lotId);
      if (!lot || !used) return [];
      const id = lotId(lot);
      const { qualityState, stockTypes, expiresOn, isHeld } = used;
      const isJudged = qualityState !== null && qualityState !== 'HELD';
      const isBadState = isJudged && forbiddenByQuality(qualityState).includes('CONSUME');
      // Of stock in several states somebody may have taken what is free.
      const isBadStock = !isHeld && stockTypes.every((type) => forbiddenByStock(type).includes('CONSUME'));
      return [
        ...(isBadState ? [lotRejections.quality(id, qualityState)] : []),
        ...(isBadStock ? stockTypes.map((type) => lotRejections.stock(id, type)) : []),
        ...(hasExpired(expiresOn, isoTime(clock.now())) ? [lotRejections.expiry(id, expiresOn)] : []),
      ];
    },
  };
}

const lotIsALot: Guard<ConsumingOperation, ConsumptionInput> = {
  name: 'lot',
  check(operation, input): readonly Rejection[] {
    if (input === null) return [];
    if (lotKey(input.lotId)?.plantCode === operation.plantCode && !operation.used?.isMissing) return [];
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

export function recordConsumption(
  load: Load,
  sources: ConsumptionSources,
): Transition<ConsumingOperation, ConsumptionInput, RecordConsumption> {
  return {
    name: 'recordConsumption',
    machine: operationMachine,
    action: 'consume',
    checks: { operationId: id, lotId: id, quantity: amount },
    guards: [lotIsALot, quantityIsPositive, lotMayBeUsed(sources.clock)],
    async load(input, signal, principal) {
      const operation = await load(input);
      const lot = lotKey(input.lotId);
      return operation && { ...operation, used: lot && (await factsOfLot(sources, lot, principal, signal)) };
    },
    subject: subjectOf,
    touches({ used }, input) {
      const lot = input && lotKey(input.lotId);
      if (!lot) return [];
      const producer = used?.producer ? [used.producer] : [];
      return [{ entities: [lotId(lot), materialId(lot), ...producer], restriction: 'CONSUME' }];
    },
    command(call) {
      const { materialCode = '', lotNumber = '' } = lotKey(call.input.lotId) ?? {};
      return {
        name: 'recordConsumption',
        ...commandBase(call),
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
