import type { Principal } from '../../auth/principal.ts';
import { mayEnterPlant } from '../../auth/principal.ts';
import { ClientError } from '../errors.ts';
import { rowScope } from '../reading/visibility.ts';

export type OperationsAction = 'readEvents' | 'readAudit' | 'readInterlocks';

/** The one question to the policies that reading what Andon keeps has. Which plants comes on top of it. */
export interface OperationsPolicies {
  mayOperate(principal: Principal, action: OperationsAction): { readonly allowed: boolean };
}

const whatItIs: Readonly<Record<OperationsAction, string>> = {
  readEvents: 'read the journal and what did not get through',
  readAudit: 'read the audit trail',
  readInterlocks: 'list interlocks',
};

/** @throws ClientError FORBIDDEN */
export function requireAuthority(policies: OperationsPolicies, principal: Principal, action: OperationsAction): void {
  if (policies.mayOperate(principal, action).allowed) return;
  const roles = principal.roles.join(', ') || 'none';
  throw new ClientError(
    'FORBIDDEN',
    `Your roles (${roles}) may not ${whatItIs[action]}. Ask somebody whose role it is, or have the policy changed.`,
  );
}

/**
 * The plants to look in: those of the principal, or the one asked for when it is among them. Not given: every plant. Rows
 * without a partner are the plant's own, so a partner's principal looks nowhere.
 */
export function plantScope(
  principal: Principal,
  plant: string | null | undefined,
): { readonly plantCodes?: readonly string[] } {
  const { plantCodes, partner } = rowScope(principal);
  if (partner !== null) return { plantCodes: [] };
  if (plant) return { plantCodes: mayEnterPlant(principal, plant) ? [plant] : [] };
  return plantCodes ? { plantCodes } : {};
}
