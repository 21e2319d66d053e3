import type { ConfirmOperation, ErpPort, OperationRow, OrderRow } from '../../connectors/erp/port.ts';
import { eventOf } from '../transitions/event-of.ts';
import { amount, id } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { AnyTransition, Guard, Transition } from '../transitions/transition.ts';
import { operationId, operationKey, orderId } from './keys.ts';
import { confirmationMachine } from './machines.ts';

interface Amount {
  readonly value: string;
  readonly unit: string;
}

interface ConfirmInput {
  readonly operationId: string;
  readonly yieldQuantity: Amount;
  readonly scrapQuantity: Amount;
}

/** The step that is confirmed, and the order whose state says whether it may be. */
interface ConfirmedOperation {
  readonly operation: OperationRow;
  readonly order: OrderRow;
}

type ConfirmGuard = Guard<ConfirmedOperation, ConfirmInput>;

const orderTakesConfirmations: ConfirmGuard = {
  name: 'order-state',
  check({ order }): readonly Rejection[] {
    if (order.state === 'RELEASED' || order.state === 'IN_PROCESS') return [];
    const isHeld = order.state === 'ON_HOLD';
    return [
      {
        code: isHeld ? 'ORDER_LOCKED' : 'ORDER_NOT_RELEASED',
        system: 'ERP',
        guard: 'order-state',
        message: `Production order ${order.orderNo} is ${order.state}, so the ERP takes no confirmation for it.`,
        remediation: isHeld ? 'Resume the order, then confirm again.' : 'Have production control look at it.',
        blockingRef: orderId(order),
      },
    ];
  },
};

const unitIsTheOrders: ConfirmGuard = {
  name: 'unit',
  check({ operation }, input): readonly Rejection[] {
    const wrong = [input?.yieldQuantity, input?.scrapQuantity].find(
      (amount) => amount && amount.unit !== operation.unit,
    );
    if (!wrong) return [];
    return [
      {
        code: 'UNIT_CONVERSION_MISSING',
        system: 'ERP',
        guard: 'unit',
        message: `The order is made in ${operation.unit}, not in ${wrong.unit}.`,
        remediation: `Give the quantities in ${operation.unit}.`,
        blockingRef: null,
      },
    ];
  },
};

export function createConfirmationTransitions(port: ErpPort): readonly AnyTransition[] {
  const confirm: Transition<ConfirmedOperation, ConfirmInput, ConfirmOperation> = {
    name: 'confirmOperation',
    machine: confirmationMachine,
    action: 'confirm',
    checks: { operationId: id, yieldQuantity: amount, scrapQuantity: amount },
    guards: [orderTakesConfirmations, unitIsTheOrders],
    async load(input) {
      const key = operationKey(input.operationId);
      const [order] = key ? await port.ordersByKeys([key]) : [];
      const operation = order?.operations.find(({ operationNo }) => operationNo === key?.operationNo);
      return order && operation ? { order, operation } : null;
    },
    subject: ({ operation, order }) => ({
      id: operationId(operation),
      plantCode: operation.plantCode,
      line: operation.lineCode,
      partner: operation.partner,
      version: order.version,
      state: operation.confirmedAt === null ? 'UNCONFIRMED' : 'CONFIRMED',
    }),
    // It says what has happened already: no restriction undoes that.
    touches: () => [],
    // Confirmations of the order's other steps do not matter, so only a version that the caller saw counts.
    command: ({ entity: { operation }, input, meta }) => ({
      name: 'confirmOperation',
      plantCode: operation.plantCode,
      expectedVersion: meta.expectedVersion,
      orderNo: operation.orderNo,
      operationNo: operation.operationNo,
      yieldQuantity: input.yieldQuantity.value,
      scrapQuantity: input.scrapQuantity.value,
      unit: input.yieldQuantity.unit,
    }),
    effects(call, posting) {
      const { operation } = call.entity;
      const { orderNo, operationNo, workCenterCode, plantCode, lineCode, partner } = operation;
      const { yieldQuantity, scrapQuantity } = call.input;
      const event = eventOf(call, {
        type: 'production.operation.confirmed',
        system: 'ERP',
        subject: operationId(operation),
        plantCode,
        line: lineCode,
        partner,
        stateChange: 'UNCONFIRMED>CONFIRMED',
        data: {
          orderNo,
          operationNo,
          workCenterCode,
          yieldQuantity: yieldQuantity.value,
          scrapQuantity: scrapQuantity.value,
          unit: yieldQuantity.unit,
          document: posting.document,
        },
      });
      return { toState: 'CONFIRMED', events: [event] };
    },
  };
  return [confirm];
}
