import { naturalKey } from '../../connectors/natural-key.ts';
import type { HoldRow, QmsPort } from '../../connectors/qms/port.ts';
import { knownRestrictions } from '../../journal/restriction.ts';
import { readEveryPage } from '../reading/every-page.ts';
import type { RecordedRestriction } from '../subgraph.ts';
import { holdIdOf, targetIdOf } from './keys.ts';

const everywhere = { plantCodes: null, partner: null };

/** What the holds of a plant that stand in the QMS forbid. */
export async function readRestrictions(port: QmsPort, plantCode: string): Promise<readonly RecordedRestriction[]> {
  const standing = await readEveryPage(
    (page) => port.holds({ plantCode, active: true }, page, everywhere),
    ({ plantCode, holdNo }) => naturalKey(plantCode, holdNo),
  );
  return standing.flatMap(restrictionsOf);
}

function restrictionsOf(hold: HoldRow): readonly RecordedRestriction[] {
  const { plantCode, holdNo, scope, affected, restrictions, reason, partner, placedBy } = hold;
  const entities = new Set([scope, ...affected].map((target) => targetIdOf(plantCode, target)));
  return [...entities].map((entityId) => ({
    kind: 'QUALITY_HOLD',
    entityId,
    plantCode,
    partner,
    cause: holdIdOf(hold),
    restrictions: knownRestrictions(restrictions),
    reason: `Quality hold ${holdNo} (${reason})`,
    placedBy,
  }));
}
