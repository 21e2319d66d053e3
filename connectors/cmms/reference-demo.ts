import type { Transaction } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import { isoTime } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { DemoPlant } from '../demo-plant.ts';
import type { CmmsTables } from './reference-tables.ts';

/** The demo plants' first day: what is assigned has been since then. */
const firstDay = '2020-01-01T00:00:00.000Z';

/** Fills an empty reference CMMS with what it owns of the demo plants; a plant that it knows already stays as it is. */
export async function fillReferenceCmms(
  database: Database<CmmsTables>,
  plants: readonly DemoPlant[],
  clock: Clock,
): Promise<void> {
  const at = isoTime(clock.now());
  await database.write(async (tx) => {
    for (const plant of plants) {
      const known = await tx
        .selectFrom('asset')
        .select('asset_id')
        .where('plant_code', '=', plant.plantCode)
        .executeTakeFirst();
      if (!known) await fillPlant(tx, plant, at);
    }
  });
}

async function fillPlant(tx: Transaction<CmmsTables>, plant: DemoPlant, at: string): Promise<void> {
  const { plantCode, assets } = plant;
  const assetRows = assets.map(({ assetId, name, parent, criticality }) => ({
    plant_code: plantCode,
    asset_id: assetId,
    name,
    parent_id: parent,
    criticality,
    line_code: lineOf(plant, assetId),
    availability: 'UP' as const,
    availability_since: at,
    availability_by: null,
    availability_cause: null,
    changed_at: at,
    version: 1,
  }));
  const assignmentRows = assets.flatMap(({ assetId, workCenterCode }) =>
    workCenterCode === null
      ? []
      : [
          {
            plant_code: plantCode,
            asset_id: assetId,
            work_center_code: workCenterCode,
            valid_from: firstDay,
            valid_to: null,
          },
        ],
  );
  await tx.insertInto('asset').values(assetRows).execute();
  await tx.insertInto('asset_assignment').values(assignmentRows).execute();
}

/** An asset stands in the line of its work center, or of its parts' work centers. */
function lineOf({ assets, workCenters }: DemoPlant, assetId: string): string | null {
  const codes = assets
    .filter((asset) => asset.assetId === assetId || asset.parent === assetId)
    .map(({ workCenterCode }) => workCenterCode);
  return workCenters.find(({ workCenterCode }) => codes.includes(workCenterCode))?.lineCode ?? null;
}
