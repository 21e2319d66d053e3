import type { Kysely } from 'kysely';
import { portRow } from '../reference-rows.ts';
import { isInScope, isKeyOf, isOneOf, isSince, isValue, readPage } from '../reference-sql.ts';
import type { AssetKey, AssetRow, AssignmentRow, CmmsPort, WorkOrderRow } from './port.ts';
import type { CmmsTables } from './reference-tables.ts';

type Reads = Omit<CmmsPort, 'post' | 'postingOf'>;
type Db = Kysely<CmmsTables>;

/** What the reference CMMS knows. */
export function createCmmsReads(db: Db): Reads {
  return { ...assetReads(db), ...assignmentReads(db), ...workOrderReads(db) };
}

function assetReads(db: Db) {
  const assets = () => db.selectFrom('asset').selectAll();
  return {
    async assetsByKeys(keys) {
      return (
        await assets()
          .where(isKeyOf(assetColumns, keys.map(assetParts)))
          .execute()
      ).map(toAsset);
    },
    async partsOfAssets(keys) {
      const rows = assets().where(isKeyOf(['plant_code', 'parent_id'], keys.map(assetParts)));
      return (await rows.orderBy('plant_code').orderBy('asset_id').execute()).map(toAsset);
    },
    async assets(filter, page, scope) {
      const rows = assets()
        .where(isInScope(scope, 'plant_code', null))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isOneOf('availability', filter.availabilities))
        .where(isOneOf('criticality', filter.criticalities))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, assetColumns, page, (found) => found.map(toAsset));
    },
  } satisfies Partial<Reads>;
}

function assignmentReads(db: Db) {
  const assignments = () => db.selectFrom('asset_assignment').selectAll().orderBy('valid_from');
  return {
    async assignmentsOfAssets(keys) {
      const rows = assignments().where(isKeyOf(assetColumns, keys.map(assetParts)));
      return (await rows.orderBy('work_center_code').execute()).map(toAssignment);
    },
    async assignmentsOfWorkCenters(keys) {
      const wanted = keys.map(({ plantCode, workCenterCode }) => [plantCode, workCenterCode]);
      const rows = assignments().where(isKeyOf(['plant_code', 'work_center_code'], wanted));
      return (await rows.orderBy('asset_id').execute()).map(toAssignment);
    },
  } satisfies Partial<Reads>;
}

function workOrderReads(db: Db) {
  const workOrders = () => db.selectFrom('work_order').selectAll();
  return {
    async workOrdersByKeys(keys) {
      const wanted = keys.map(({ plantCode, workOrderNo }) => [plantCode, workOrderNo]);
      return (await workOrders().where(isKeyOf(workOrderColumns, wanted)).execute()).map(toWorkOrder);
    },
    async workOrdersOfAssets(keys) {
      const rows = workOrders().where(isKeyOf(assetColumns, keys.map(assetParts)));
      return (await rows.orderBy('requested_at').orderBy('work_order_no').execute()).map(toWorkOrder);
    },
    async workOrdersOfDowntimes(keys) {
      const wanted = keys.map(({ plantCode, downtimeId }) => [plantCode, downtimeId]);
      const rows = workOrders().where(isKeyOf(['plant_code', 'downtime_id'], wanted));
      return (await rows.orderBy('requested_at').orderBy('work_order_no').execute()).map(toWorkOrder);
    },
    async workOrders(filter, page, scope) {
      const rows = workOrders()
        .where(isInScope(scope, 'plant_code', null))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isOneOf('state', filter.states))
        .where(isOneOf('kind', filter.kinds))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, workOrderColumns, page, (found) => found.map(toWorkOrder));
    },
  } satisfies Partial<Reads>;
}

const assetColumns = ['plant_code', 'asset_id'];
const workOrderColumns = ['plant_code', 'work_order_no'];
const assetParts = ({ plantCode, assetId }: AssetKey) => [plantCode, assetId];

const toAsset = (row: CmmsTables['asset']): AssetRow => ({ ...portRow(row), partner: null });

const toAssignment = (row: CmmsTables['asset_assignment']): AssignmentRow => ({ ...portRow(row), partner: null });

const toWorkOrder = (row: CmmsTables['work_order']): WorkOrderRow => ({ ...portRow(row), partner: null });
