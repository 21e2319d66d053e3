import type { Transaction } from 'kysely';
import { addDecimals, compareDecimals } from '../decimal.ts';
import type { Done } from '../reference-posting.ts';
import { refuse } from '../reference-refusal.ts';
import { requireCurrent, requireState, requireThat } from '../reference-requirements.ts';
import type {
  CompleteOperation,
  DispatchOperation,
  HoldOperation,
  MesResults,
  OperationKey,
  OperationState,
  OperationStateCommand,
  RecordConsumption,
  UnholdOperation,
} from './port.ts';
import { operationRules, predecessorStates, stateWhenFree, stateWhenHeld } from './reference-rules.ts';
import type { MesTables } from './reference-tables.ts';
import { endOf } from './reference-times.ts';

type Tx = Transaction<MesTables>;
type Operation = MesTables['operation'];

/** The MES gets to know an operation, and of the lot that it helps to make. */
export async function dispatchOperation(tx: Tx, command: DispatchOperation, recordedAt: string): Promise<Done> {
  const { plantCode, orderNo, operationNo, materialCode, lotNumber } = command;
  const workCenter = await tx
    .selectFrom('work_center')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('work_center_code', '=', command.workCenterCode)
    .executeTakeFirst();
  if (!workCenter) throw refuse('NOT_FOUND', `There is no work center ${command.workCenterCode} in ${plantCode}.`);
  if (await findOperation(tx, command)) {
    throw refuse('STATE_NOT_ALLOWED', `Operation ${operationNo} of order ${orderNo} is dispatched already.`);
  }
  await tx
    .insertInto('operation')
    .values({
      plant_code: plantCode,
      order_no: orderNo,
      operation_no: operationNo,
      line_code: command.lineCode,
      work_center_code: command.workCenterCode,
      material_code: materialCode,
      lot_number: lotNumber,
      unit: command.unit,
      state: 'ALLOWED_TO_START',
      state_since: recordedAt,
      state_by: command.actorId,
      state_reason: command.reason,
      produced_quantity: '0',
      scrap_quantity: '0',
      started_at: null,
      ended_at: null,
      partner: command.partner,
      version: 1,
      changed_at: recordedAt,
    })
    .execute();
  await tx
    .insertInto('lot')
    .values({
      plant_code: plantCode,
      material_code: materialCode,
      lot_number: lotNumber,
      production_state: 'PLANNED',
      partner: command.partner,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const result: MesResults['operationState'] = { from: null, to: 'ALLOWED_TO_START' };
  return { version: '1', result };
}

export async function changeOperationState(
  tx: Tx,
  command: OperationStateCommand | CompleteOperation,
  recordedAt: string,
): Promise<Done> {
  const what = `Operation ${command.operationNo} of order ${command.orderNo}`;
  const operation = requireCurrent(command, what, await findOperation(tx, command));
  const rule = operationRules[command.name];
  requireState(command, what, operation.state, rule.from);
  await checkPredecessors(tx, command);
  checkQuantities(command);

  const version = await changeOperation(tx, operation, {
    ...stateOf(rule.to, command, recordedAt),
    ...quantitiesOf(operation, command),
    ...timesOf(operation, rule.to, { what, occurredAt: command.occurredAt, recordedAt }),
  });
  await followLot(tx, operation, rule.to);
  const result: MesResults['operationState'] = { from: operation.state, to: rule.to };
  return { version, result };
}

/** A cause holds the operation, or lets go of it; it is free when no cause is left. */
export async function changeCauses(
  tx: Tx,
  command: HoldOperation | UnholdOperation,
  recordedAt: string,
): Promise<Done> {
  const what = `Operation ${command.operationNo} of order ${command.orderNo}`;
  const operation = requireCurrent(command, what, await findOperation(tx, command));
  const isHold = command.name === 'holdOperation';
  if (isHold) requireState(command, what, operation.state, Object.keys(stateWhenHeld));
  const changed = isHold ? await addCause(tx, command, recordedAt) : await removeCause(tx, command);
  const causes = await causesOf(tx, command);
  const to = stateFor(operation.state, causes.length > 0, changed);
  const result: MesResults['operationCause'] = { from: operation.state, to, changed, causes };
  if (!changed) return { version: String(operation.version), result };
  const state = to === operation.state ? { changed_at: recordedAt } : stateOf(to, command, recordedAt);
  return { version: await changeOperation(tx, operation, state), result };
}

/** What of which lot went into the order. The operation itself is not changed by it, so its version stays. */
export async function recordConsumption(tx: Tx, command: RecordConsumption): Promise<Done> {
  const what = `Operation ${command.operationNo} of order ${command.orderNo}`;
  const operation = requireCurrent(command, what, await findOperation(tx, command));
  requireState(command, what, operation.state, ['RUNNING']);
  if (compareDecimals(command.quantity, '0') <= 0) {
    throw refuse('QUANTITY_TOLERANCE', 'The quantity must be above zero.');
  }
  await tx
    .insertInto('consumption')
    .values({
      transition_id: command.transitionId,
      plant_code: command.plantCode,
      order_no: command.orderNo,
      operation_no: command.operationNo,
      material_code: command.materialCode,
      lot_number: command.lotNumber,
      quantity: command.quantity,
      unit: command.unit,
      occurred_at: command.occurredAt,
    })
    .execute();
  const result: MesResults['operationState'] = { from: operation.state, to: operation.state };
  return { version: String(operation.version), result };
}

async function checkPredecessors(tx: Tx, command: OperationStateCommand | CompleteOperation): Promise<void> {
  if (command.name !== 'startOperation') return;
  const waiting = await tx
    .selectFrom('operation')
    .select(['operation_no', 'state'])
    .where('plant_code', '=', command.plantCode)
    .where('order_no', '=', command.orderNo)
    .where('operation_no', '<', command.operationNo)
    .where('state', 'not in', [...predecessorStates])
    .orderBy('operation_no')
    .executeTakeFirst();
  if (!waiting) return;
  throw refuse('SEQUENCE_VIOLATION', `Operation ${waiting.operation_no} before it is ${waiting.state}.`);
}

function checkQuantities(command: OperationStateCommand | CompleteOperation): void {
  if (command.name !== 'completeOperation') return;
  const isNegative = [command.yieldQuantity, command.scrapQuantity].some((value) => compareDecimals(value, '0') < 0);
  requireThat(!isNegative, 'QUANTITY_TOLERANCE', 'Yield and scrap must not be below zero.');
}

function stateOf(
  state: OperationState,
  command: { readonly actorId: string; readonly reason: string | null },
  at: string,
) {
  return { state, state_since: at, state_by: command.actorId, state_reason: command.reason, changed_at: at };
}

function quantitiesOf(operation: Operation, command: OperationStateCommand | CompleteOperation): Partial<Operation> {
  if (command.name !== 'completeOperation') return {};
  return {
    produced_quantity: addDecimals(operation.produced_quantity, command.yieldQuantity),
    scrap_quantity: addDecimals(operation.scrap_quantity, command.scrapQuantity),
  };
}

function timesOf(
  { started_at }: Operation,
  to: OperationState,
  { what, ...at }: { readonly what: string; readonly occurredAt: string; readonly recordedAt: string },
): Partial<Operation> {
  if (to === 'RUNNING') return { started_at: started_at ?? at.occurredAt };
  return to === 'ENDED' || to === 'ABORTED' ? { ended_at: endOf(what, started_at, at) } : {};
}

/** A lot is in process from its first operation's start, and produced when the last one has ended. */
async function followLot(tx: Tx, operation: Operation, to: OperationState): Promise<void> {
  const { plant_code, order_no, material_code, lot_number } = operation;
  const open = await tx
    .selectFrom('operation')
    .select('operation_no')
    .where('plant_code', '=', plant_code)
    .where('order_no', '=', order_no)
    .where('state', 'not in', ['ENDED', 'ABORTED'])
    .executeTakeFirst();
  const isProduced = to === 'ENDED' && open === undefined;
  if (!isProduced && to !== 'RUNNING') return;
  await tx
    .updateTable('lot')
    .set({ production_state: isProduced ? 'PRODUCED' : 'IN_PROCESS' })
    .where((eb) => eb.and({ plant_code, material_code, lot_number }))
    .execute();
}

function stateFor(state: OperationState, isHeld: boolean, changed: boolean): OperationState {
  if (!changed) return state;
  const next = isHeld ? stateWhenHeld[state] : stateWhenFree[state];
  return next ?? state;
}

async function addCause(tx: Tx, command: HoldOperation, since: string): Promise<boolean> {
  const inserted = await tx
    .insertInto('operation_cause')
    .values({
      plant_code: command.plantCode,
      order_no: command.orderNo,
      operation_no: command.operationNo,
      cause_ref: command.causeRef,
      since,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('cause_ref')
    .execute();
  return inserted.length > 0;
}

async function removeCause(tx: Tx, command: UnholdOperation): Promise<boolean> {
  const deleted = await tx
    .deleteFrom('operation_cause')
    .where('plant_code', '=', command.plantCode)
    .where('order_no', '=', command.orderNo)
    .where('operation_no', '=', command.operationNo)
    .where('cause_ref', '=', command.causeRef)
    .returning('cause_ref')
    .execute();
  return deleted.length > 0;
}

async function causesOf(tx: Tx, { plantCode, orderNo, operationNo }: OperationKey): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('operation_cause')
    .select('cause_ref')
    .where('plant_code', '=', plantCode)
    .where('order_no', '=', orderNo)
    .where('operation_no', '=', operationNo)
    .orderBy('since')
    .orderBy('cause_ref')
    .execute();
  return rows.map((row) => row.cause_ref);
}

function findOperation(tx: Tx, { plantCode, orderNo, operationNo }: OperationKey): Promise<Operation | undefined> {
  return tx
    .selectFrom('operation')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('order_no', '=', orderNo)
    .where('operation_no', '=', operationNo)
    .executeTakeFirst();
}

async function changeOperation(tx: Tx, operation: Operation, change: Partial<Operation>): Promise<string> {
  const version = operation.version + 1;
  const { plant_code, order_no, operation_no } = operation;
  await tx
    .updateTable('operation')
    .set({ ...change, version })
    .where((eb) => eb.and({ plant_code, order_no, operation_no }))
    .execute();
  return String(version);
}
