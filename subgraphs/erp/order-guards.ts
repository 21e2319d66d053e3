import type { OrderRow } from '../../connectors/erp/port.ts';
import { askGraph } from '../transitions/ask-graph.ts';
import type { OwningSystem, Rejection } from '../transitions/rejection.ts';
import type { Guard } from '../transitions/transition.ts';
import { materialId, operationId, orderId, workCenterId } from './keys.ts';

type OrderGuard = Guard<OrderRow, unknown>;

/**
 * The rules of an order that other systems know. They are asked through the graph as the caller, and only in the state
 * in which the answer matters. No answer is a refusal: Andon fails closed.
 */
export const inspectionPlanExists: OrderGuard = {
  name: 'inspection-plan',
  async check(order, _input, context) {
    if (order.state !== 'PLANNED' || order.materialKind !== 'FINISHED') return [];
    const document = 'query InspectionPlans($id: ID!) { material(id: $id) { inspectionPlans { id } } }';
    const data = await askGraph(context, document, { id: materialId(order) });
    const plans = (data['material'] as { readonly inspectionPlans: readonly unknown[] | null } | null | undefined)
      ?.inspectionPlans;
    if (!plans) return [unanswered('QMS', 'inspection-plan', 'whether there is an inspection plan')];
    if (plans.length > 0) return [];
    return [
      {
        code: 'INSPECTION_PLAN_MISSING',
        system: 'QMS',
        guard: 'inspection-plan',
        message: `There is no inspection plan for ${order.materialCode} in plant ${order.plantCode}.`,
        remediation: 'Have quality make one before the order is released.',
        blockingRef: materialId(order),
      },
    ];
  },
};

/** What the CMMS says of a work center that work can be done at. Anything else, or anything new, is a refusal. */
const usable = ['AVAILABLE', 'DEGRADED'];

export const assetsAreReady: OrderGuard = {
  name: 'asset-readiness',
  async check(order, _input, context) {
    if (order.state !== 'PLANNED') return [];
    const constrained = order.operations.filter((operation) => operation.constrained).map(workCenterId);
    const ids = [...new Set(constrained)];
    if (ids.length === 0) return [];
    const parameters = ids.map((_id, index) => `$w${index}: ID!`).join(', ');
    const fields = ids.map((_id, index) => `w${index}: workCenter(id: $w${index}) { effectiveAvailability }`).join(' ');
    const variables = Object.fromEntries(ids.map((id, index) => [`w${index}`, id]));
    const data = await askGraph(context, `query AssetReadiness(${parameters}) { ${fields} }`, variables);
    return ids.flatMap((id, index) => {
      const answer = data[`w${index}`] as { readonly effectiveAvailability: string | null } | null | undefined;
      const availability = answer?.effectiveAvailability;
      if (!availability) return [unanswered('CMMS', 'asset-readiness', `whether the assets of ${id} can be used`)];
      if (usable.includes(availability)) return [];
      const rejection: Rejection = {
        code: 'ASSET_DOWN',
        system: 'CMMS',
        guard: 'asset-readiness',
        message: `The order needs ${id}, and its assets are ${availability}.`,
        remediation: 'Complete the maintenance, or end the downtime.',
        blockingRef: id,
      };
      return [rejection];
    });
  },
};

const operationsQuery =
  'query Operations($id: ID!) { productionOrder(id: $id) { operations { id executionState { code } } } }';

/** What has been aborted does not go on, so the order does not wait for it. */
const over = ['ENDED', 'ABORTED'];

export const operationsHaveEnded: OrderGuard = {
  name: 'operations-ended',
  async check(order, _input, context) {
    if (order.state !== 'IN_PROCESS') return [];
    const data = await askGraph(context, operationsQuery, { id: orderId(order) });
    const operations = (data['productionOrder'] as AskedOrder | null | undefined)?.operations;
    if (!operations) return [unanswered('MES', 'operations-ended', 'whether the operations have ended')];
    return operations.flatMap(({ id, executionState }) => {
      if (!executionState) return [unanswered('MES', 'operations-ended', `whether ${id} has ended`)];
      if (over.includes(executionState.code)) return [];
      const rejection: Rejection = {
        code: 'OPERATION_NOT_ENDED',
        system: 'MES',
        guard: 'operations-ended',
        message: `${id} is ${executionState.code}, not ENDED.`,
        remediation: 'Complete the operation, or abort it.',
        blockingRef: id,
      };
      return [rejection];
    });
  },
};

/**
 * What an order has cost and made is known when the last of its steps is posted. Nothing is posted of a step that was aborted,
 * which the MES knows.
 */
export const operationsAreConfirmed: OrderGuard = {
  name: 'operations-confirmed',
  async check(order, _input, context) {
    if (order.state !== 'IN_PROCESS') return [];
    const missing = order.operations.filter(({ confirmedAt }) => confirmedAt === null);
    if (missing.length === 0) return [];
    const data = await askGraph(context, operationsQuery, { id: orderId(order) });
    const operations = (data['productionOrder'] as AskedOrder | null | undefined)?.operations ?? [];
    const aborted = operations.filter(({ executionState }) => executionState?.code === 'ABORTED').map(({ id }) => id);
    return missing
      .filter((operation) => !aborted.includes(operationId(operation)))
      .map((operation) => ({
        code: 'CONFIRMATION_MISSING',
        system: 'ERP',
        guard: 'operations-confirmed',
        message: `The end of operation ${operation.operationNo} has not been posted to the ERP.`,
        remediation: 'Wait for its confirmation, or look at the exceptions of this order.',
        blockingRef: operationId(operation),
      }));
  },
};

interface AskedOrder {
  readonly operations:
    | readonly { readonly id: Rejection['blockingRef']; readonly executionState: { readonly code: string } | null }[]
    | null;
}

export function unanswered(system: OwningSystem, guard: string, question: string): Rejection {
  return {
    code: 'SYSTEM_UNAVAILABLE',
    system,
    guard,
    message: `The ${system} has not said ${question}, and without that answer nothing is done.`,
    remediation: 'Try again when the system answers.',
    blockingRef: null,
  };
}
