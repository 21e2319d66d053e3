import type { EntityId } from '../journal/entity-ref.ts';
import type { Rejection } from './transitions/rejection.ts';

/** What somebody may want to do with a lot. The names are those of the interlocks' restrictions. */
export const uses = ['CONSUME', 'MOVE', 'PICK', 'SHIP'] as const;
export type Use = (typeof uses)[number];

const none: readonly Use[] = [];

/** What each quality state forbids. A state that is not listed forbids everything: Andon fails closed. */
const forbiddenByState: Readonly<Record<string, readonly Use[]>> = {
  NOT_REQUIRED: none,
  RELEASED: none,
  CONDITIONALLY_RELEASED: none,
  // Production goes on with what it is checking; leaving the plant has to wait.
  AWAITING_INSPECTION: ['SHIP'],
  UNDER_INSPECTION: ['SHIP'],
  HELD: uses,
  REJECTED: ['CONSUME', 'PICK', 'SHIP'],
};

/** The same for the ERP's stock types. Blocked stock may be moved: that is how it gets out of the way. */
const forbiddenByType: Readonly<Record<string, readonly Use[]>> = {
  UNRESTRICTED: none,
  QUALITY_INSPECTION: ['SHIP'],
  BLOCKED: ['CONSUME', 'PICK', 'SHIP'],
  RESTRICTED: ['SHIP'],
  IN_TRANSIT: ['CONSUME', 'PICK', 'SHIP'],
  RETURNS: ['CONSUME', 'PICK', 'SHIP'],
};

export function forbiddenByQuality(qualityState: string): readonly Use[] {
  return forbiddenByState[qualityState] ?? uses;
}

export function forbiddenByStock(stockType: string): readonly Use[] {
  return forbiddenByType[stockType] ?? uses;
}

/** @param expiresOn its last day @param now ISO 8601 in UTC */
export function hasExpired(expiresOn: string | null, now: string): expiresOn is string {
  return expiresOn !== null && expiresOn < now.slice(0, 10);
}

/** What forbids it in the words of everybody who asks. */
export const lotRejections = {
  quality: (id: EntityId, qualityState: string): Rejection => ({
    code: 'QUALITY_NOT_RELEASED',
    system: 'QMS',
    guard: 'quality-state',
    message: `The quality state of ${id} is ${qualityState}.`,
    remediation: 'It may go when quality has released it.',
    blockingRef: null,
  }),
  stock: (id: EntityId, stockType: string): Rejection => ({
    code: 'STOCK_NOT_UNRESTRICTED',
    system: 'ERP',
    guard: 'stock-type',
    message: `Stock of ${id} is ${stockType}.`,
    remediation: 'It may go when the ERP has it as UNRESTRICTED.',
    blockingRef: null,
  }),
  expiry: (id: EntityId, expiresOn: string): Rejection => ({
    code: 'EXPIRED',
    system: 'ERP',
    guard: 'expiry',
    message: `${id} could be used until ${expiresOn}.`,
    remediation: 'Take another lot, or have quality prolong this one.',
    blockingRef: null,
  }),
};
