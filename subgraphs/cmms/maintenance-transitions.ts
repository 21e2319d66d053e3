import type {
  AssetRow,
  CmmsPort,
  CmmsResults,
  MaintenanceKind,
  RequestMaintenance,
  WorkOrderRow,
  WorkOrderStateCommand,
} from '../../connectors/cmms/port.ts';
import type { EventData, EventType } from '../../journal/catalogue.ts';
import type { NewEvent } from '../../journal/envelope.ts';
import { askGraph } from '../transitions/ask-graph.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, id, plannedTime, text } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { AnyTransition, Call, Guard, Transition } from '../transitions/transition.ts';
import { assetIdOf, assetKey, downtimeKey, workOrderId, workOrderKey } from './keys.ts';
import { workOrderMachine } from './machines.ts';

interface RequestMaintenanceInput {
  readonly assetId: string;
  readonly kind: MaintenanceKind;
  readonly description: string;
  readonly downtimeId?: string | null;
}

export function requestMaintenance(port: CmmsPort): Transition<AssetRow, RequestMaintenanceInput, RequestMaintenance> {
  return {
    name: 'requestMaintenance',
    machine: workOrderMachine,
    action: 'request',
    checks: { assetId: id, kind: asDeclared, description: text, downtimeId: id },
    load: async ({ assetId, downtimeId }) => {
      const key = assetKey(assetId);
      if (!key || (downtimeId && downtimeKey(downtimeId)?.plantCode !== key.plantCode)) return null;
      return (await port.assetsByKeys([key]))[0] ?? null;
    },
    // What changes is a work order that does not exist yet; the asset is where it begins.
    subject: (asset) => ({
      id: assetIdOf(asset),
      plantCode: asset.plantCode,
      line: asset.lineCode,
      partner: asset.partner,
      version: asset.version,
      state: null,
    }),
    touches: () => [],
    guards: [{ name: 'asset', check: checkNotRetired }, downtimeIsOfTheAsset(port)],
    command: ({ entity, input }) => ({
      name: 'requestMaintenance',
      plantCode: entity.plantCode,
      expectedVersion: null,
      assetId: entity.assetId,
      kind: input.kind,
      description: input.description,
      downtimeId: downtimeOf(input),
    }),
    effects: (call, posting) => {
      const { plantCode, assetId, lineCode, partner } = call.entity;
      const { workOrderNo } = posting.result as CmmsResults['requestMaintenance'];
      const subject = workOrderId({ plantCode, workOrderNo });
      const content = {
        type: 'maintenance.requested',
        system: 'CMMS',
        subject,
        plantCode,
        line: lineCode,
        partner,
        stateChange: '>REQUESTED',
        data: { workOrderNo, assetId, downtimeId: downtimeOf(call.input), kind: call.input.kind },
      } as const;
      return { events: [eventOf(call, content)], toState: 'REQUESTED', result: subject };
    },
  };
}

function downtimeOf({ downtimeId }: RequestMaintenanceInput): string | null {
  return downtimeId ? (downtimeKey(downtimeId)?.downtimeId ?? null) : null;
}

function checkNotRetired(asset: AssetRow): readonly Rejection[] {
  if (asset.availability !== 'RETIRED') return [];
  const rejection: Rejection = {
    code: 'ASSET_RETIRED',
    system: 'CMMS',
    guard: 'asset',
    message: `Asset ${asset.assetId} is retired.`,
    remediation: 'Ask for work on the asset that has replaced it.',
    blockingRef: assetIdOf(asset),
  };
  return [rejection];
}

const downtimeQuery = 'query StoppedAsset($id: ID!) { downtime(id: $id) { asset { id } } }';
/** More levels than any hierarchy of assets has. */
const deepest = 20;

/** A repair ends the downtime that it is for: that of another machine would look mended. What the MES cannot say is let pass. */
function downtimeIsOfTheAsset(port: CmmsPort): Guard<AssetRow, RequestMaintenanceInput> {
  return {
    name: 'downtime',
    async check(asset, input, context) {
      if (!input?.downtimeId) return [];
      const data = await askGraph(context, downtimeQuery, { id: input.downtimeId });
      const stoppedId = (data['downtime'] as StoppedAsset | null | undefined)?.asset?.id;
      const key = stoppedId ? assetKey(stoppedId) : null;
      const [stopped] = key ? await port.assetsByKeys([key]) : [];
      if (!stopped || (await isPartOf(asset, stopped, port)) || (await isPartOf(stopped, asset, port))) return [];
      const message = `input.downtimeId is a downtime of ${assetIdOf(stopped)}, which ${assetIdOf(asset)} is no part of.`;
      const remediation = 'Give a downtime of the asset, or none.';
      const blockingRef = assetIdOf(stopped);
      return [{ code: 'REFERENCE_INVALID', system: 'CMMS', guard: 'downtime', message, remediation, blockingRef }];
    },
  };
}

interface StoppedAsset {
  readonly asset: { readonly id: string } | null;
}

/** A line stands still because of its filler, and what is done to the line mends the filler. */
async function isPartOf(part: AssetRow, whole: AssetRow, port: CmmsPort): Promise<boolean> {
  let one: AssetRow | undefined = part;
  for (let level = 0; one && level < deepest; level += 1) {
    if (one.assetId === whole.assetId) return true;
    const { plantCode, parentId }: AssetRow = one;
    [one] = parentId === null ? [] : await port.assetsByKeys([{ plantCode, assetId: parentId }]);
  }
  return false;
}

interface WorkOrderInput {
  readonly workOrderId: string;
  /** Only scheduling gives one. */
  readonly scheduledFor?: string;
}

type WorkOrderCall = Call<WorkOrderRow, WorkOrderInput>;
type MaintenanceEvent = Extract<EventType, `maintenance.${string}`>;

/** One way to change a work order. They differ in their action and in what they announce. */
interface WorkOrderChange {
  readonly name: WorkOrderStateCommand['name'];
  readonly action: Exclude<keyof typeof workOrderMachine.actions, 'request'>;
  readonly reasonRequired?: boolean;
  readonly event: (call: WorkOrderCall, stateChange: string) => NewEvent;
}

/** Who follows needs to know which downtime the work was to end. */
const factsOf = ({ entity: { workOrderNo, assetId, downtimeId } }: WorkOrderCall) => ({
  workOrderNo,
  assetId,
  downtimeId,
});

function announce<Type extends MaintenanceEvent>(type: Type, dataOf: (call: WorkOrderCall) => EventData[Type]) {
  return (call: WorkOrderCall, stateChange: string): NewEvent => {
    const { plantCode, lineCode, partner } = call.entity;
    const place = { system: 'CMMS', subject: workOrderId(call.entity), plantCode, line: lineCode, partner };
    return eventOf(call, { type, ...place, stateChange, data: dataOf(call) }) as NewEvent;
  };
}

const changes: readonly WorkOrderChange[] = [
  { name: 'approveMaintenance', action: 'approve', event: announce('maintenance.approved', factsOf) },
  {
    name: 'scheduleMaintenance',
    action: 'schedule',
    event: announce('maintenance.scheduled', (call) => ({
      ...factsOf(call),
      scheduledFor: call.input.scheduledFor ?? call.meta.occurredAt,
    })),
  },
  { name: 'startMaintenance', action: 'start', event: announce('maintenance.started', factsOf) },
  { name: 'completeMaintenance', action: 'complete', event: announce('maintenance.completed', factsOf) },
  { name: 'verifyMaintenance', action: 'verify', event: announce('maintenance.verified', factsOf) },
  {
    name: 'cancelMaintenance',
    action: 'cancel',
    reasonRequired: true,
    event: announce('maintenance.cancelled', (call) => ({ ...factsOf(call), reason: call.meta.reason?.text ?? '' })),
  },
];

export const workOrderTransitionNames = changes.map(({ name }) => name);

function changeWorkOrder(
  port: CmmsPort,
  { name, action, reasonRequired = false, event }: WorkOrderChange,
): Transition<WorkOrderRow, WorkOrderInput, WorkOrderStateCommand> {
  return {
    name,
    machine: workOrderMachine,
    action,
    reasonRequired,
    checks: { workOrderId: id, scheduledFor: plannedTime },
    load: async (input) => {
      const key = workOrderKey(input.workOrderId);
      return (key && (await port.workOrdersByKeys([key]))[0]) ?? null;
    },
    subject: (row) => ({
      id: workOrderId(row),
      plantCode: row.plantCode,
      line: row.lineCode,
      partner: row.partner,
      version: row.version,
      state: row.state,
    }),
    touches: () => [],
    guards: [],
    command: ({ entity, input, meta }) => ({
      name,
      plantCode: entity.plantCode,
      expectedVersion: entity.version,
      workOrderNo: entity.workOrderNo,
      reason: meta.reason?.text ?? null,
      scheduledFor: input.scheduledFor ?? null,
    }),
    effects: (call, posting) => {
      const { from, to } = posting.result as CmmsResults['workOrderState'];
      return { events: [event(call, `${from}>${to}`)], toState: to };
    },
  };
}

export function createMaintenanceTransitions(port: CmmsPort): readonly AnyTransition[] {
  return [requestMaintenance(port), ...changes.map((change) => changeWorkOrder(port, change))];
}
