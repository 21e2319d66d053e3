import type { ReadOptions } from '../../connectors/page.ts';
import type {
  DispositionRow,
  HoldRow,
  InspectionLotRow,
  InspectionPlanRow,
  InspectionResultRow,
  LotQualityRow,
  NonconformanceRow,
  OrderQualityRow,
  QmsPort,
} from '../../connectors/qms/port.ts';
import { parseEntityId } from '../../journal/entity-ref.ts';
import { createSubgraphContext, type SubgraphContext, type SystemServices } from '../context.ts';
import type { EntityLoader, ListLoader, LoaderFactory } from '../reading/loader.ts';
import type { SubgraphCall } from '../subgraph.ts';
import * as keys from './keys.ts';

/** Every way to a row of the QMS, by the ids of the graph. */
export interface QmsLoaders {
  readonly plans: EntityLoader<InspectionPlanRow>;
  readonly inspectionLots: EntityLoader<InspectionLotRow>;
  readonly holds: EntityLoader<HoldRow>;
  readonly dispositions: EntityLoader<DispositionRow>;
  readonly nonconformances: EntityLoader<NonconformanceRow>;
  readonly lotQualities: EntityLoader<LotQualityRow>;
  readonly orderQualities: EntityLoader<OrderQualityRow>;
  readonly plansOfMaterial: ListLoader<InspectionPlanRow>;
  readonly inspectionLotsOfOrder: ListLoader<InspectionLotRow>;
  readonly inspectionLotsOfLot: ListLoader<InspectionLotRow>;
  readonly resultsOfInspectionLot: ListLoader<InspectionResultRow>;
  /** By the id of anything that a hold can stand on; by an order's also the holds that are about it. */
  readonly holdsOn: ListLoader<HoldRow>;
  readonly dispositionsOfHold: ListLoader<DispositionRow>;
  readonly nonconformancesOfHold: ListLoader<NonconformanceRow>;
}

export interface QmsContext extends SubgraphContext<QmsLoaders>, SystemServices<QmsPort> {}

export function createQmsContext(call: SubgraphCall, services: SystemServices<QmsPort>): QmsContext {
  return createSubgraphContext(call, services, (factory) => createLoaders(factory, services.port));
}

function createLoaders({ one, many, manyBy }: LoaderFactory, port: QmsPort): QmsLoaders {
  const { planKey, inspectionLotKey, holdKey, dispositionKey, nonconformanceKey, lotKey, orderKey, materialKey } = keys;
  const { planIdOf, inspectionLotIdOf, holdIdOf, dispositionIdOf, nonconformanceIdOf, orderIdOf, materialIdOf } = keys;
  const lotIdOf = (row: LotQualityRow) => keys.lotIdOf(row.plantCode, row);
  return {
    plans: one({ keyOf: planKey, fetch: port.inspectionPlansByKeys, idOf: planIdOf }),
    inspectionLots: one({ keyOf: inspectionLotKey, fetch: port.inspectionLotsByKeys, idOf: inspectionLotIdOf }),
    holds: one({ keyOf: holdKey, fetch: port.holdsByKeys, idOf: holdIdOf }),
    dispositions: one({ keyOf: dispositionKey, fetch: port.dispositionsByKeys, idOf: dispositionIdOf }),
    nonconformances: one({ keyOf: nonconformanceKey, fetch: port.nonconformancesByKeys, idOf: nonconformanceIdOf }),
    lotQualities: one({ keyOf: lotKey, fetch: port.lotQualitiesByKeys, idOf: lotIdOf }),
    orderQualities: one({
      keyOf: orderKey,
      fetch: port.orderQualitiesByKeys,
      idOf: ({ plantCode, orderNo }) => orderIdOf(plantCode, orderNo),
    }),
    plansOfMaterial: many({
      keyOf: materialKey,
      fetch: port.inspectionPlansOfMaterials,
      idOf: ({ plantCode, materialCode }) => materialIdOf(plantCode, materialCode),
    }),
    inspectionLotsOfOrder: many({
      keyOf: orderKey,
      fetch: port.inspectionLotsOfOrders,
      idOf: ({ plantCode, orderNo }) => orderIdOf(plantCode, orderNo ?? ''),
    }),
    inspectionLotsOfLot: many({
      keyOf: lotKey,
      fetch: port.inspectionLotsOfLots,
      idOf: ({ plantCode, materialCode, lotNumber }) =>
        keys.lotIdOf(plantCode, { materialCode, lotNumber: lotNumber ?? '' }),
    }),
    resultsOfInspectionLot: many({
      keyOf: inspectionLotKey,
      fetch: port.resultsOfInspectionLots,
      idOf: inspectionLotIdOf,
    }),
    holdsOn: manyBy((ids, options) => holdsOn(ids, port, options)),
    dispositionsOfHold: many({ keyOf: holdKey, fetch: port.dispositionsOfHolds, idOf: holdIdOf }),
    nonconformancesOfHold: many({
      keyOf: holdKey,
      fetch: port.nonconformancesOfHolds,
      idOf: ({ plantCode, holdNo }) => holdIdOf({ plantCode, holdNo: holdNo ?? '' }),
    }),
  };
}

/** A hold belongs to everything that it stands on, and to the order that it is about: it is handed out once for each. */
async function holdsOn(
  ids: readonly string[],
  port: QmsPort,
  options: ReadOptions,
): Promise<ReadonlyMap<string, readonly HoldRow[]>> {
  const targets = ids.map(parseEntityId).filter((ref) => ref !== null);
  const holds = targets.length === 0 ? [] : await port.holdsOfTargets(targets, options);
  return new Map(ids.map((id) => [id, holds.filter((hold) => isHoldOn(hold, id))]));
}

/** Whether the hold stands on what has this id, or is about that order. */
function isHoldOn(hold: HoldRow, id: string): boolean {
  const { plantCode, orderNo } = hold;
  return standsOn(hold, id) || (orderNo !== null && keys.orderIdOf(plantCode, orderNo) === id);
}

/** Whether the hold restricts what has this id. */
export function standsOn({ plantCode, scope, affected }: HoldRow, id: string): boolean {
  return [scope, ...affected].some((target) => keys.targetIdOf(plantCode, target) === id);
}
