import type { Transaction } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { Done } from '../reference-posting.ts';
import { createReferencePosting, createReferenceReads } from '../reference-posting.ts';
import type { MesCommand, MesPort } from './port.ts';
import { endDowntime, reportDowntime } from './reference-downtimes.ts';
import { changeCauses, changeOperationState, dispatchOperation, recordConsumption } from './reference-operations.ts';
import { createMesReads } from './reference-reads.ts';
import type { MesTables } from './reference-tables.ts';

export interface ReferenceMesOptions {
  readonly database: Database<MesTables>;
  readonly clock: Clock;
}

/**
 * The embedded system of record for what runs, what was made and what stopped: a small MES that is complete in itself. It
 * checks its own rules whoever asks, and keeps every posting beside what the posting changed.
 */
export function createReferenceMes({ database, clock }: ReferenceMesOptions): MesPort {
  return {
    ...createReferencePosting<MesTables, MesCommand>({ system: 'MES', database, clock, carryOut }),
    ...createReferenceReads('MES', createMesReads(database.read)),
  };
}

function carryOut(tx: Transaction<MesTables>, command: MesCommand, recordedAt: string): Promise<Done> {
  switch (command.name) {
    case 'dispatchOperation':
      return dispatchOperation(tx, command, recordedAt);
    case 'startOperation':
    case 'pauseOperation':
    case 'resumeOperation':
    case 'abortOperation':
    case 'completeOperation':
      return changeOperationState(tx, command, recordedAt);
    case 'holdOperation':
    case 'unholdOperation':
      return changeCauses(tx, command, recordedAt);
    case 'recordConsumption':
      return recordConsumption(tx, command);
    case 'reportDowntime':
      return reportDowntime(tx, command, recordedAt);
    case 'endDowntime':
      return endDowntime(tx, command, recordedAt);
  }
}
