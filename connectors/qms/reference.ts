import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import { createReferencePosting, createReferenceReads } from '../reference-posting.ts';
import type { QmsPort } from './port.ts';
import { carryOutInQms } from './reference-carry-out.ts';
import { createQmsReads } from './reference-reads.ts';
import type { QmsTables } from './reference-tables.ts';

export interface ReferenceQmsOptions {
  readonly database: Database<QmsTables>;
  readonly clock: Clock;
}

/** The embedded quality management system: inspections, holds, dispositions and nonconformances of a small plant. */
export function createReferenceQms({ database, clock }: ReferenceQmsOptions): QmsPort {
  return {
    ...createReferenceReads('QMS', createQmsReads(database.read)),
    ...createReferencePosting({ system: 'QMS', database, clock, carryOut: carryOutInQms }),
  };
}
