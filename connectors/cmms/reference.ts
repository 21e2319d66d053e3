import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import { createReferencePosting, createReferenceReads } from '../reference-posting.ts';
import type { CmmsPort } from './port.ts';
import { carryOutInCmms } from './reference-carry-out.ts';
import { createCmmsReads } from './reference-reads.ts';
import type { CmmsTables } from './reference-tables.ts';

export interface ReferenceCmmsOptions {
  readonly database: Database<CmmsTables>;
  readonly clock: Clock;
}

/** The embedded maintenance management system: assets, where they are used, and the work orders of a small plant. */
export function createReferenceCmms({ database, clock }: ReferenceCmmsOptions): CmmsPort {
  return {
    ...createReferenceReads('CMMS', createCmmsReads(database.read)),
    ...createReferencePosting({ system: 'CMMS', database, clock, carryOut: carryOutInCmms }),
  };
}
