/**
 * Who is asking: the verified content of a token, never of a header.
 *
 * `plants` lists the plant codes that the principal may see and act in; `['*']` stands for all of them.
 * `partner` is set for the token of a contract manufacturer, supplier or customer: such a principal sees rows of its
 * own partner number only, whatever its roles say.
 */
export interface Principal {
  /** The token's `sub`: stable, unique within the issuer. */
  readonly id: string;
  /** The name that the audit trail prints. */
  readonly name: string;
  readonly kind: 'PERSON' | 'SERVICE' | 'WORKFLOW';
  readonly roles: readonly Role[];
  readonly plants: readonly string[];
  readonly scopes: readonly string[];
  readonly partner: string | null;
  /** Milliseconds since the epoch: the end of the token, so the end of any subscription that it opened. */
  readonly expiresAt: number;
}

export const roles = [
  'OPERATOR',
  'QUALITY_ENGINEER',
  'QUALITY_MANAGER',
  'PLANNER',
  'MAINTENANCE_TECHNICIAN',
  'INTEGRATION_OPERATOR',
  'PARTNER',
  'AUDITOR',
  'WORKFLOW',
] as const;

export type Role = (typeof roles)[number];

export function mayEnterPlant(principal: Principal, plantCode: string): boolean {
  return principal.plants.includes('*') || principal.plants.includes(plantCode);
}
