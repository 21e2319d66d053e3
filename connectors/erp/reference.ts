import type { Transaction } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { Done } from '../reference-posting.ts';
import { createReferencePosting, createReferenceReads } from '../reference-posting.ts';
import type { ErpCommand, ErpPort } from './port.ts';
import { setWorkCenterCapacity } from './reference-capacity.ts';
import { confirmOperation } from './reference-confirmations.ts';
import { changeDeliveryState, removeDeliveryBlock, setDeliveryBlock } from './reference-deliveries.ts';
import { changeOrderState, createOrder } from './reference-orders.ts';
import { createErpReads } from './reference-reads.ts';
import { moveStock } from './reference-stock.ts';
import { changeStockStatus } from './reference-stock-status.ts';
import type { ErpTables } from './reference-tables.ts';

export interface ReferenceErpOptions {
  readonly database: Database<ErpTables>;
  readonly clock: Clock;
}

/**
 * The embedded system of record for orders, materials, stock and deliveries: a small ERP that is complete in itself. It
 * checks its own rules whoever asks, and keeps every posting beside what the posting changed.
 */
export function createReferenceErp({ database, clock }: ReferenceErpOptions): ErpPort {
  return {
    ...createReferencePosting<ErpTables, ErpCommand>({ system: 'ERP', database, clock, carryOut }),
    ...createReferenceReads('ERP', createErpReads(database.read)),
  };
}

function carryOut(tx: Transaction<ErpTables>, command: ErpCommand, recordedAt: string): Promise<Done> {
  switch (command.name) {
    case 'createProductionOrder':
      return createOrder(tx, command, recordedAt);
    case 'releaseProductionOrder':
    case 'startProductionOrder':
    case 'holdProductionOrder':
    case 'resumeProductionOrder':
    case 'completeProductionOrder':
    case 'cancelProductionOrder':
      return changeOrderState(tx, command, recordedAt);
    case 'confirmOperation':
      return confirmOperation(tx, command, recordedAt);
    case 'moveStock':
      return moveStock(tx, command, recordedAt);
    case 'changeStockStatus':
      return changeStockStatus(tx, command, recordedAt);
    case 'pickDelivery':
    case 'releaseShipment':
      return changeDeliveryState(tx, command, recordedAt);
    case 'setDeliveryBlock':
      return setDeliveryBlock(tx, command, recordedAt);
    case 'removeDeliveryBlock':
      return removeDeliveryBlock(tx, command, recordedAt);
    case 'setWorkCenterCapacity':
      return setWorkCenterCapacity(tx, command, recordedAt);
  }
}
