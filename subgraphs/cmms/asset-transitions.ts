import type {
  AssetRow,
  Availability,
  CmmsPort,
  CmmsResults,
  SetAssetAvailability,
} from '../../connectors/cmms/port.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, id } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import { mayAct } from '../transitions/state-machine.ts';
import type { AnyTransition, Transition } from '../transitions/transition.ts';
import { assetIdOf, assetKey } from './keys.ts';
import { actionTowards, assetMachine } from './machines.ts';

interface SetAssetAvailabilityInput {
  readonly assetId: string;
  readonly availability: Availability;
  readonly causeRef?: string | null;
}

/** What can be done with an asset; work is asked for on it. */
export const assetTransitionNames: readonly string[] = ['setAssetAvailability', 'requestMaintenance'];

export function setAssetAvailability(
  port: CmmsPort,
): Transition<AssetRow, SetAssetAvailabilityInput, SetAssetAvailability> {
  return {
    name: 'setAssetAvailability',
    machine: assetMachine,
    action: 'setAvailability',
    checks: { assetId: id, availability: asDeclared, causeRef: id },
    load: async ({ assetId }) => {
      const key = assetKey(assetId);
      return (key && (await port.assetsByKeys([key]))[0]) ?? null;
    },
    subject: (asset) => ({
      id: assetIdOf(asset),
      plantCode: asset.plantCode,
      line: asset.lineCode,
      partner: asset.partner,
      version: asset.version,
      state: asset.availability,
    }),
    touches: () => [],
    guards: [{ name: 'state-machine', check: checkAvailability }],
    command: ({ entity, input }) => ({
      name: 'setAssetAvailability',
      plantCode: entity.plantCode,
      expectedVersion: entity.version,
      assetId: entity.assetId,
      availability: input.availability,
      causeRef: input.causeRef ?? null,
    }),
    effects: (call, posting) => {
      const { plantCode, assetId, lineCode, partner } = call.entity;
      const { from, to } = posting.result as CmmsResults['setAssetAvailability'];
      const content = {
        type: 'asset.availabilityChanged',
        system: 'CMMS',
        subject: assetIdOf(call.entity),
        plantCode,
        line: lineCode,
        partner,
        stateChange: `${from}>${to}`,
        data: { assetId, from, to },
      } as const;
      return { events: [eventOf(call, content)], toState: to };
    },
  };
}

/** Which action is asked for depends on the input, so the executor's own check cannot know it. */
function checkAvailability(asset: AssetRow, input: SetAssetAvailabilityInput | null): readonly Rejection[] {
  // A retired asset is refused by the executor's check already.
  if (input === null || asset.availability === 'RETIRED') return [];
  if (mayAct(assetMachine, asset.availability, actionTowards[input.availability])) return [];
  const rejection: Rejection = {
    code: 'STATE_NOT_ALLOWED',
    system: 'CMMS',
    guard: 'state-machine',
    message: `Asset ${asset.assetId} is ${asset.availability}: it cannot become ${input.availability}.`,
    remediation: 'Read its availability again.',
    blockingRef: null,
  };
  return [rejection];
}

export function createAssetTransitions(port: CmmsPort): readonly AnyTransition[] {
  return [setAssetAvailability(port)];
}
