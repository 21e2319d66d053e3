import type { Kysely } from 'kysely';
import { isAfter, isInScope, isKeyOf, isOneOf, isSince, isValue, toPage } from '../reference-sql.ts';
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
        .where(isAfter(assetColumns, page))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isOneOf('availability', filter.availabilities))
        .where(isOneOf('criticality', filter.criticalities))
        .where(isSince('changed_at', filter.changedSince))
        .orderBy('plant_code')
        .orderBy('asset_id');
      return toPage((await rows.limit(page.first + 1).execute()).map(toAsset), page);
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
        .where(isAfter(workOrderColumns, page))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isOneOf('state', filter.states))
        .where(isOneOf('kind', filter.kinds))
        .where(isSince('changed_at', filter.changedSince))
        .orderBy('plant_code')
        .orderBy('work_order_no');
      return toPage((await rows.limit(page.first + 1).execute()).map(toWorkOrder), page);
    },
  } satisfies Partial<Reads>;
}

const assetColumns = ['plant_code', 'asset_id'];
const workOrderColumns = ['plant_code', 'work_order_no'];
const assetParts = ({ plantCode, assetId }: AssetKey) => [plantCode, assetId];

function toAsset(row: CmmsTables['asset']): AssetRow {
  return {
    plantCode: row.plant_code,
    assetId: row.asset_id,
    name: row.name,
    parentId: row.parent_id,
    criticality: row.criticality,
    lineCode: row.line_code,
    availability: row.availability,
    availabilitySince: row.availability_since,
    availabilityBy: row.availability_by,
    availabilityCause: row.availability_cause,
    changedAt: row.changed_at,
    partner: null,
    version: String(row.version),
  };
}

function toAssignment(row: CmmsTables['asset_assignment']): AssignmentRow {
  return {
    plantCode: row.plant_code,
    assetId: row.asset_id,
    workCenterCode: row.work_center_code,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    partner: null,
  };
}

function toWorkOrder(row: CmmsTables['work_order']): WorkOrderRow {
  return {
    plantCode: row.plant_code,
    workOrderNo: row.work_order_no,
    assetId: row.asset_id,
    kind: row.kind,
    description: row.description,
    downtimeId: row.downtime_id,
    lineCode: row.line_code,
    state: row.state,
    stateSince: row.state_since,
    stateBy: row.state_by,
    stateReason: row.state_reason,
    scheduledFor: row.scheduled_for,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    changedAt: row.changed_at,
    partner: null,
    version: String(row.version),
  };
}
