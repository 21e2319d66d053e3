import type { Principal } from '../../auth/principal.ts';
import { mayEnterPlant } from '../../auth/principal.ts';
import type { RowScope } from '../../connectors/page.ts';

/** What a row must say so that it can be decided who sees it. */
export interface ScopedRow {
  readonly plantCode: string;
  /** The partner number that the row belongs to; null: the plant's own people only. */
  readonly partner: string | null;
}

/** The one question to the policies that reading has. */
export interface MayRead {
  mayRead(principal: Principal, row: ScopedRow): { readonly allowed: boolean };
}

/** Whether somebody sees a row. */
export type Visibility = (row: ScopedRow) => boolean;

/**
 * Rows of the principal's plants, and for a partner's people of their partner: the boundaries that no policy lifts. The
 * connectors filter by the same, see `rowScope`.
 */
export function isWithinBoundaries(principal: Principal, { plantCode, partner }: ScopedRow): boolean {
  if (!mayEnterPlant(principal, plantCode)) return false;
  return principal.partner === null || principal.partner === partner;
}

/** Within the boundaries the policies decide. */
export function isVisible(principal: Principal, row: ScopedRow, policies: MayRead): boolean {
  const { plantCode, partner } = row;
  return isWithinBoundaries(principal, row) && policies.mayRead(principal, { plantCode, partner }).allowed;
}

/** For many rows of one request: policies know a row by its plant and partner, so each pair of them is decided once. */
export function createVisibility(principal: Principal, policies: MayRead): Visibility {
  const decided = new Map<string, Map<string | null, boolean>>();
  return ({ plantCode, partner }) => {
    const ofPlant = decided.get(plantCode) ?? new Map<string | null, boolean>();
    decided.set(plantCode, ofPlant);
    const known = ofPlant.get(partner) ?? isVisible(principal, { plantCode, partner }, policies);
    ofPlant.set(partner, known);
    return known;
  };
}

/** The boundaries for lists: the connector filters by them before it pages. */
export function rowScope(principal: Principal): RowScope {
  return { plantCodes: principal.plants.includes('*') ? null : principal.plants, partner: principal.partner };
}
