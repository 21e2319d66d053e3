import { compareDecimals } from '../../connectors/decimal.ts';
import type { OperationRow } from '../../connectors/mes/port.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { Call, Subject } from '../transitions/transition.ts';
import { operationId } from './keys.ts';

/* What the transitions of an operation have in common. */

export interface OperationInput {
  readonly operationId: string;
}

export interface Amount {
  readonly value: string;
  readonly unit: string;
}

export type Load = (input: OperationInput) => Promise<OperationRow | null>;

export function subjectOf(operation: OperationRow): Subject {
  const { plantCode, lineCode, partner, version, state } = operation;
  return { id: operationId(operation), plantCode, line: lineCode, partner, version, state };
}

export const commandBase = ({ entity, meta }: Call<OperationRow, OperationInput>) => ({
  plantCode: entity.plantCode,
  orderNo: entity.orderNo,
  operationNo: entity.operationNo,
  reason: meta.reason?.text ?? null,
});

export const factsOf = ({ orderNo, operationNo, workCenterCode }: OperationRow) => ({
  orderNo,
  operationNo,
  workCenterCode,
});

export const placeOf = ({ plantCode, lineCode, partner }: OperationRow) => ({
  system: 'MES',
  plantCode,
  line: lineCode,
  partner,
});

export function checkAmount({ value, unit }: Amount, expectedUnit: string | null, orZero = ''): readonly Rejection[] {
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
