import type { AssetRow, AssignmentRow, Availability } from '../../connectors/cmms/port.ts';

export type EffectiveAvailability = 'AVAILABLE' | 'DEGRADED' | 'DOWN';

/** What each asset leaves of a work center. A retired asset does no work any more, so it leaves none. */
const leaves: Readonly<Record<Availability, EffectiveAvailability>> = {
  UP: 'AVAILABLE',
  DEGRADED: 'DEGRADED',
  DOWN_UNPLANNED: 'DOWN',
  DOWN_PLANNED: 'DOWN',
  IN_REPAIR: 'DOWN',
  RETIRED: 'DOWN',
};

const worstFirst: readonly EffectiveAvailability[] = ['DOWN', 'DEGRADED', 'AVAILABLE'];

/** A work center is as available as the worst of its assets; without assets nothing keeps it from being used. */
export function effectiveAvailability(assets: readonly Pick<AssetRow, 'availability'>[]): EffectiveAvailability {
  const found = assets.map(({ availability }) => leaves[availability]);
  return worstFirst.find((one) => found.includes(one)) ?? 'AVAILABLE';
}

/** @param instant ISO 8601 in UTC */
export function isValidAt({ validFrom, validTo }: AssignmentRow, instant: string): boolean {
  return validFrom <= instant && (validTo === null || instant < validTo);
}
