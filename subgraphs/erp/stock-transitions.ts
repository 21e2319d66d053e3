import type {
  ChangeStockStatus,
  ErpPort,
  ErpResults,
  LotRow,
  MoveStock,
  StockType,
} from '../../connectors/erp/port.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, code, id, positiveAmount } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { AnyTransition, Guard, Subject, Transition } from '../transitions/transition.ts';
import { causeId, lotId, lotKey, materialId, orderId } from './keys.ts';

interface MoveInput {
  readonly lotId: string;
  readonly fromLocation: string;
  readonly toLocation: string;
  readonly quantity: { readonly value: string; readonly unit: string };
}

interface StatusInput {
  readonly lotId: string;
  readonly toStockType: StockType;
  readonly fromStockType?: StockType | null;
  readonly causeRef?: string | null;
}

export const lotTransitionNames: readonly string[] = ['moveStock', 'changeStockStatus'];

export function createStockTransitions(port: ErpPort): readonly AnyTransition[] {
  const load = async ({ lotId: id }: { readonly lotId: string }): Promise<LotRow | null> => {
    const key = lotKey(id);
    return key && ((await port.lotsByKeys([key]))[0] ?? null);
  };
  return [moveStock(load), changeStockStatus(load)];
}

type Load = (input: { readonly lotId: string }) => Promise<LotRow | null>;

/** A lot has stock in many states at once, so it has no state of its own here. */
function subject(lot: LotRow): Subject {
  const { plantCode, lineCode, partner, version } = lot;
  return { id: lotId(lot), plantCode, line: lineCode, partner, version, state: null };
}

const unitIsTheLots: Guard<LotRow, MoveInput> = {
  name: 'unit',
  check(lot, input): readonly Rejection[] {
    if (input === null || input.quantity.unit === lot.unit) return [];
    return [
      {
        code: 'UNIT_CONVERSION_MISSING',
        system: 'ERP',
        guard: 'unit',
        message: `The stock of ${lot.materialCode} is kept in ${lot.unit}, not in ${input.quantity.unit}.`,
        remediation: `Give the quantity in ${lot.unit}.`,
        blockingRef: null,
      },
    ];
  },
};

function moveStock(load: Load): Transition<LotRow, MoveInput, MoveStock> {
  return {
    name: 'moveStock',
    machine: null,
    action: 'move',
    checks: { lotId: id, fromLocation: code(), toLocation: code(), quantity: positiveAmount },
    guards: [unitIsTheLots],
    load,
    subject,
    touches: ({ orderNo, ...lot }) => {
      const producer = orderNo === null ? [] : [orderId({ plantCode: lot.plantCode, orderNo })];
      return [{ entities: [lotId(lot), materialId(lot), ...producer], restriction: 'MOVE' }];
    },
    // Two moves do not contradict each other: the ERP checks the quantity, so only a version that the caller saw counts.
    command: ({ entity, input, meta }) => ({
      name: 'moveStock',
      plantCode: entity.plantCode,
      expectedVersion: meta.expectedVersion,
      materialCode: entity.materialCode,
      lotNumber: entity.lotNumber,
      fromLocation: input.fromLocation,
      toLocation: input.toLocation,
      quantity: input.quantity.value,
    }),
    effects(call) {
      const { entity, input } = call;
      const event = eventOf(call, {
        type: 'material.moved',
        system: 'ERP',
        subject: lotId(entity),
        plantCode: entity.plantCode,
        line: entity.lineCode,
        partner: entity.partner,
        stateChange: null,
        data: {
          lot: lotId(entity),
          quantity: input.quantity.value,
          unit: input.quantity.unit,
          fromLocation: input.fromLocation,
          toLocation: input.toLocation,
        },
      });
      return { toState: null, events: [event] };
    },
  };
}

/** No interlock refuses it: it is how a hold reaches the ERP, and how the stock is free before the hold is lifted. */
function changeStockStatus(load: Load): Transition<LotRow, StatusInput, ChangeStockStatus> {
  return {
    name: 'changeStockStatus',
    machine: null,
    action: 'changeStatus',
    checks: { lotId: id, toStockType: asDeclared, fromStockType: asDeclared, causeRef: id },
    guards: [],
    load,
    subject,
    touches: () => [],
    command: ({ entity, input, meta }) => ({
      name: 'changeStockStatus',
      plantCode: entity.plantCode,
      expectedVersion: meta.expectedVersion,
      materialCode: entity.materialCode,
      lotNumber: entity.lotNumber,
      toStockType: input.toStockType,
      fromStockType: input.fromStockType ?? null,
      causeRef: input.causeRef ?? null,
    }),
    effects(call, posting) {
      const { from, to, changed } = posting.result as ErpResults['changeStockStatus'];
      if (!changed) return { toState: to, events: [] };
      const { entity, input } = call;
      const lot = lotId(entity);
      const event = eventOf(call, {
        type: 'lot.stockStatusChanged',
        system: 'ERP',
        subject: lot,
        plantCode: entity.plantCode,
        line: entity.lineCode,
        partner: entity.partner,
        stateChange: `${from}>${to}`,
        data: { lot, from, to, cause: causeId(input.causeRef) },
      });
      return { toState: to, events: [event] };
    },
  };
}
