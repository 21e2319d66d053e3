import type { Principal } from '../../auth/principal.ts';
import type {
  AssetKey,
  DowntimeRow,
  EndDowntime,
  MesPort,
  MesResults,
  ReportDowntime,
  WorkCenterKey,
  WorkCenterRow,
} from '../../connectors/mes/port.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { GraphReader } from '../graph-reader.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, code, id, listOfIds } from '../transitions/input-checks.ts';
import { orNull } from '../transitions/or-null.ts';
import type { AnyTransition, Call, Transition } from '../transitions/transition.ts';
import { assetId, assetKey, downtimeId, downtimeKey, workCenterId, workCenterKey } from './keys.ts';
import { downtimeMachine } from './machines.ts';
import { restrictionsOfDowntimes } from './restrictions.ts';

interface ReportInput {
  readonly assetId: string;
  readonly workCenterIds: readonly string[];
  readonly reasonCode: string;
  readonly planned: boolean;
}

interface EndInput {
  readonly downtimeId: string;
}

/** What has stopped, and what cannot be used because of it. */
interface Stop {
  readonly asset: AssetKey;
  /** Every work center that is restricted, whether the MES knows it or not. */
  readonly workCenters: readonly WorkCenterKey[];
  readonly knownWorkCenters: readonly (WorkCenterKey & Partial<Pick<WorkCenterRow, 'lineCode'>>)[];
}

export const downtimeTransitionNames: readonly string[] = ['endDowntime'];

interface Sources {
  readonly port: MesPort;
  readonly graph: GraphReader;
  readonly timers: Timers;
}

export function createDowntimeTransitions(sources: Sources): readonly AnyTransition[] {
  return [reportDowntime(sources), endDowntime(sources.port)];
}

const assignmentsQuery = 'query AssignedWorkCenters($id: ID!) { asset(id: $id) { workCenters { id } } }';

type AskedAsset = { readonly workCenters: readonly { readonly id: string }[] | null } | null | undefined;

/**
 * The work centers that the asset is assigned to, as the CMMS says.
 * @returns none when it cannot be asked: a breakdown is reported all the same; null when there is no such asset
 */
async function readAssignments(
  { graph, timers }: Sources,
  id: string,
  principal: Principal,
  signal: AbortSignal,
): Promise<readonly WorkCenterKey[] | null> {
  const answer = await orNull(graph.query(assignmentsQuery, { id }, principal, signal), timers);
  const { data, errors } = answer ?? { data: null, errors: [] };
  const asset = data?.['asset'] as AskedAsset;
  if (asset === null && errors.length === 0) return null;
  return (asset?.workCenters ?? []).map((one) => workCenterKey(one.id)).filter((key) => key !== null);
}

/**
 * An MES that is down, or hangs, does not keep a breakdown from being reported: then it is taken to know what was given, and
 * refuses by itself later what it does not know.
 */
async function loadStop(
  sources: Sources,
  input: ReportInput,
  signal: AbortSignal,
  principal: Principal,
): Promise<Stop | null> {
  const asset = assetKey(input.assetId);
  const given = input.workCenterIds.map(workCenterKey);
  if (!asset || given.some((key) => key?.plantCode !== asset.plantCode)) return null;
  const assigned = await readAssignments(sources, input.assetId, principal, signal);
  if (assigned === null) return null;
  const byId = new Map([...given, ...assigned].flatMap((key) => (key ? [[workCenterId(key), key]] : [])));
  const workCenters = [...byId.values()];
  const found = workCenters.length > 0 ? await orNull(sources.port.workCentersByKeys(workCenters), sources.timers) : [];
  const knownWorkCenters = found ?? given.filter((key) => key !== null);
  const known = new Set(knownWorkCenters.map(workCenterId));
  if (given.some((key) => key && !known.has(workCenterId(key)))) return null;
  return { asset, workCenters, knownWorkCenters };
}

/** The downtime's number comes from the transition, so that the interlocks can name their cause before the MES answers. */
function newDowntime({ transitionId, entity }: Call<Stop, ReportInput>) {
  return { plantCode: entity.asset.plantCode, downtimeId: `DT-${transitionId.slice(-10)}` };
}

function lineOf({ knownWorkCenters }: Stop): string | null {
  return knownWorkCenters[0]?.lineCode ?? null;
}

function started(call: Call<Stop, ReportInput>) {
  const { entity, input } = call;
  const downtime = newDowntime(call);
  return eventOf(call, {
    type: 'asset.downtimeStarted',
    system: 'MES',
    subject: downtimeId(downtime),
    plantCode: downtime.plantCode,
    line: lineOf(entity),
    partner: null,
    stateChange: '>OPEN',
    data: {
      downtimeId: downtime.downtimeId,
      assetId: entity.asset.assetId,
      workCenterCodes: entity.workCenters.map(({ workCenterCode }) => workCenterCode),
      planned: input.planned,
      reasonCode: input.reasonCode,
    },
  });
}

/** What the MES refuses after all was no downtime: whatever has stopped because of its announcement goes on. */
function withdrawn(call: Call<Stop, ReportInput>) {
  const { data, ...rest } = started(call);
  const event = { ...rest, system: 'MES', type: 'asset.downtimeEnded', stateChange: 'OPEN>' } as const;
  return eventOf(call, { ...event, data: { ...data, durationSeconds: 0 } });
}

function reportDowntime(sources: Sources): Transition<Stop, ReportInput, ReportDowntime> {
  return {
    name: 'reportDowntime',
    machine: downtimeMachine,
    action: 'report',
    checks: { assetId: id, workCenterIds: listOfIds(200), reasonCode: code(), planned: asDeclared },
    guards: [],
    load: (input, signal, principal) => loadStop(sources, input, signal, principal),
    subject: (stop) => ({
      id: assetId(stop.asset),
      plantCode: stop.asset.plantCode,
      line: lineOf(stop),
      partner: null,
      version: null,
      state: null,
    }),
    touches: () => [],
    command: (call) => ({
      name: 'reportDowntime',
      ...newDowntime(call),
      expectedVersion: null,
      assetId: call.entity.asset.assetId,
      workCenterCodes: call.entity.knownWorkCenters.map(({ workCenterCode }) => workCenterCode),
      reasonCode: call.input.reasonCode,
      planned: call.input.planned,
    }),
    placeFirst(call) {
      const { asset, workCenters } = call.entity;
      const { planned, reasonCode } = call.input;
      const kind = planned ? 'planned downtime' : 'breakdown';
      return [assetId(asset), ...workCenters.map(workCenterId)].map((entityId) => ({
        kind: 'BREAKDOWN',
        entityId,
        plantCode: asset.plantCode,
        partner: null,
        cause: downtimeId(newDowntime(call)),
        restrictions: restrictionsOfDowntimes,
        reason: `The ${kind} of ${asset.assetId} (${reasonCode}) since ${call.meta.occurredAt}`,
        placedBy: call.actor.id,
        placedByTransition: call.transitionId,
      }));
    },
    announceWhilePending: (call) => [started(call)],
    announceWithdrawal: (call) => [withdrawn(call)],
    effects: (call) => ({ toState: 'OPEN', result: downtimeId(newDowntime(call)), events: [started(call)] }),
  };
}

function endDowntime(port: MesPort): Transition<DowntimeRow, EndInput, EndDowntime> {
  return {
    name: 'endDowntime',
    machine: downtimeMachine,
    action: 'end',
    checks: { downtimeId: id },
    guards: [],
    async load(input) {
      const key = downtimeKey(input.downtimeId);
      return key && ((await port.downtimesByKeys([key]))[0] ?? null);
    },
    subject: (downtime) => ({
      id: downtimeId(downtime),
      plantCode: downtime.plantCode,
      line: downtime.lineCode,
      partner: null,
      version: downtime.version,
      state: downtime.state,
    }),
    touches: () => [],
    command: ({ entity }) => ({
      name: 'endDowntime',
      plantCode: entity.plantCode,
      expectedVersion: entity.version,
      downtimeId: entity.downtimeId,
    }),
    effects(call, posting) {
      const { durationSeconds } = posting.result as MesResults['endDowntime'];
      const { plantCode, lineCode, assetId: asset, workCenterCodes, planned, reasonCode } = call.entity;
      const id = downtimeId(call.entity);
      const event = eventOf(call, {
        type: 'asset.downtimeEnded',
        system: 'MES',
        subject: id,
        plantCode,
        line: lineCode,
        partner: null,
        stateChange: 'OPEN>ENDED',
        data: {
          downtimeId: call.entity.downtimeId,
          assetId: asset,
          workCenterCodes,
          planned,
          reasonCode,
          durationSeconds,
        },
      });
      return { toState: 'ENDED', lift: [id], events: [event] };
    },
  };
}
