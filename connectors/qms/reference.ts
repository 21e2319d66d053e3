import type { Transaction } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import { createReferencePosting, createReferenceReads, type Done } from '../reference-posting.ts';
import type { QmsCommand, QmsPort } from './port.ts';
import {
  approveDisposition,
  proposeDisposition,
  rejectDisposition,
  settleDisposition,
} from './reference-dispositions.ts';
import { acknowledgeHold, placeHold, releaseHold } from './reference-holds.ts';
import { createInspectionLot, decideInspectionLot, recordInspectionResult } from './reference-inspections.ts';
import { closeNonconformance, raiseNonconformance } from './reference-nonconformances.ts';
import { createQmsReads } from './reference-reads.ts';
import type { QmsTables } from './reference-tables.ts';

export interface ReferenceQmsOptions {
  readonly database: Database<QmsTables>;
  readonly clock: Clock;
}

/**
 * The embedded quality management system: inspections, holds, dispositions and nonconformances of a small plant. It checks
 * for itself, whatever has been checked before.
 */
export function createReferenceQms({ database, clock }: ReferenceQmsOptions): QmsPort {
  return {
    ...createReferenceReads('QMS', createQmsReads(database.read)),
    ...createReferencePosting<QmsTables, QmsCommand>({
      system: 'QMS',
      database,
      clock,
      carryOut,
    }),
  };
}

function carryOut(tx: Transaction<QmsTables>, command: QmsCommand, at: string): Promise<Done> {
  switch (command.name) {
    case 'createInspectionLot':
      return createInspectionLot(tx, command, at);
    case 'recordInspectionResult':
      return recordInspectionResult(tx, command, at);
    case 'decideInspectionLot':
      return decideInspectionLot(tx, command, at);
    case 'placeHold':
      return placeHold(tx, command, at);
    case 'acknowledgeHold':
      return acknowledgeHold(tx, command, at);
    case 'releaseHold':
      return releaseHold(tx, command, at);
    case 'proposeDisposition':
      return proposeDisposition(tx, command, at);
    case 'approveDisposition':
      return approveDisposition(tx, command, at);
    case 'rejectDisposition':
      return rejectDisposition(tx, command, at);
    case 'settleDisposition':
      return settleDisposition(tx, command, at);
    case 'raiseNonconformance':
      return raiseNonconformance(tx, command, at);
    case 'closeNonconformance':
      return closeNonconformance(tx, command, at);
  }
}
