import type { Principal } from '../../auth/principal.ts';
import { SystemUnavailableError } from '../../connectors/errors.ts';
import type { DispatchOperation, LotKey, MesPort, OperationKey, OperationState } from '../../connectors/mes/port.ts';
import type { GraphReader } from '../graph-reader.ts';
import { eventOf } from '../transitions/event-of.ts';
import { code, id } from '../transitions/input-checks.ts';
import type { Transition } from '../transitions/transition.ts';
import { lotKey, operationId, orderKey } from './keys.ts';
import { operationMachine } from './machines.ts';

interface DispatchInput {
  readonly orderId: string;
  readonly operationNo: string;
  readonly workCenterCode: string;
  readonly lotId: string;
  readonly line?: string | null;
}

/** What the ERP knows of the order, and the MES keeps with each of its operations from now on. */
interface NewOperation {
  readonly key: OperationKey;
  readonly lot: LotKey;
  readonly lineCode: string;
  readonly unit: string;
  readonly partner: string | null;
  /** Null unless it is dispatched already. */
  readonly state: OperationState | null;
}

const orderQuery =
  'query DispatchedOrder($id: ID!) { productionOrder(id: $id) { partner line { lineCode } quantity { unit } } }';

interface DispatchedOrder {
  readonly partner: string | null;
  readonly line: { readonly lineCode: string | null } | null;
  readonly quantity: { readonly unit: string } | null;
}

/** @throws SystemUnavailableError when the ERP cannot be asked for the order: nothing is dispatched half */
async function readOrder(
  graph: GraphReader,
  id: string,
  principal: Principal,
  signal: AbortSignal,
): Promise<DispatchedOrder | null> {
  const { data, errors } = await graph.query(orderQuery, { id }, principal, signal);
  const order = data?.['productionOrder'] as DispatchedOrder | null | undefined;
  if (order?.quantity) return order;
  if (!data || errors.length > 0) throw new SystemUnavailableError('ERP');
  return null;
}

export function createDispatchOperation(
  port: MesPort,
  graph: GraphReader,
): Transition<NewOperation, DispatchInput, DispatchOperation> {
  return {
    name: 'dispatchOperation',
    machine: operationMachine,
    action: 'dispatch',
    checks: { orderId: id, operationNo: code(), workCenterCode: code(), lotId: id, line: code() },
    guards: [],
    async load(input, signal, principal) {
      const order = orderKey(input.orderId);
      const lot = lotKey(input.lotId);
      if (!order || lot?.plantCode !== order.plantCode) return null;
      const key = { ...order, operationNo: input.operationNo };
      const [known] = await port.operationsByKeys([key]);
      const facts = await readOrder(graph, input.orderId, principal, signal);
      const lineCode = input.line ?? facts?.line?.lineCode;
      if (!facts?.quantity || !lineCode) return null;
      return {
        key,
        lot,
        lineCode,
        unit: facts.quantity.unit,
        partner: facts.partner,
        state: known?.state ?? null,
      };
    },
    subject: ({ key, lineCode, partner, state }) => ({
      id: operationId(key),
      plantCode: key.plantCode,
      line: lineCode,
      partner,
      version: null,
      state,
    }),
    touches: () => [],
    command: ({ entity, input, meta }) => ({
      name: 'dispatchOperation',
      ...entity.key,
      expectedVersion: null,
      reason: meta.reason?.text ?? null,
      workCenterCode: input.workCenterCode,
      lineCode: entity.lineCode,
      materialCode: entity.lot.materialCode,
      lotNumber: entity.lot.lotNumber,
      unit: entity.unit,
      partner: entity.partner,
    }),
    effects(call) {
      const { key, lineCode, partner } = call.entity;
      const { orderNo, operationNo, plantCode } = key;
      const event = eventOf(call, {
        type: 'production.operation.dispatched',
        system: 'MES',
        subject: operationId(key),
        plantCode,
        line: lineCode,
        partner,
        stateChange: '>ALLOWED_TO_START',
        data: { orderNo, operationNo, workCenterCode: call.input.workCenterCode },
      });
      return { toState: 'ALLOWED_TO_START', events: [event] };
    },
  };
}
