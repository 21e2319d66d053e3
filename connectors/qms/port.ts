import type { Page, PageRequest, ReadOptions, RowScope } from '../page.ts';
import type { PostingPort, SystemCommand } from '../posting.ts';

/**
 * A QMS in domain words: what it knows about inspections, holds and what becomes of held lots, and what it can be told.
 * Keys are natural keys; rows are plain data. `partner` is the number of the partner that a row belongs to, null when it
 * is the plant's own; `version` is whatever the system changes with every change of the row.
 */
export interface QmsPort extends PostingPort<QmsCommand> {
  inspectionPlansByKeys(
    keys: readonly InspectionPlanKey[],
    options?: ReadOptions,
  ): Promise<readonly InspectionPlanRow[]>;
  inspectionLotsByKeys(keys: readonly InspectionLotKey[], options?: ReadOptions): Promise<readonly InspectionLotRow[]>;
  holdsByKeys(keys: readonly HoldKey[], options?: ReadOptions): Promise<readonly HoldRow[]>;
  dispositionsByKeys(keys: readonly DispositionKey[], options?: ReadOptions): Promise<readonly DispositionRow[]>;
  nonconformancesByKeys(
    keys: readonly NonconformanceKey[],
    options?: ReadOptions,
  ): Promise<readonly NonconformanceRow[]>;
  /** The quality facet of the lots that the QMS knows; of others, nothing. */
  lotQualitiesByKeys(keys: readonly LotKey[], options?: ReadOptions): Promise<readonly LotQualityRow[]>;
  /** The quality facet of the orders that the QMS knows; of others, nothing. */
  orderQualitiesByKeys(keys: readonly OrderKey[], options?: ReadOptions): Promise<readonly OrderQualityRow[]>;

  inspectionPlansOfMaterials(
    keys: readonly MaterialKey[],
    options?: ReadOptions,
  ): Promise<readonly InspectionPlanRow[]>;
  inspectionLotsOfOrders(keys: readonly OrderKey[], options?: ReadOptions): Promise<readonly InspectionLotRow[]>;
  inspectionLotsOfLots(keys: readonly LotKey[], options?: ReadOptions): Promise<readonly InspectionLotRow[]>;
  resultsOfInspectionLots(
    keys: readonly InspectionLotKey[],
    options?: ReadOptions,
  ): Promise<readonly InspectionResultRow[]>;
  /** Holds that stand on any of `targets`, or name it as the order that they are about; active and released. */
  holdsOfTargets(targets: readonly PlantTarget[], options?: ReadOptions): Promise<readonly HoldRow[]>;
  dispositionsOfHolds(keys: readonly HoldKey[], options?: ReadOptions): Promise<readonly DispositionRow[]>;
  nonconformancesOfHolds(keys: readonly HoldKey[], options?: ReadOptions): Promise<readonly NonconformanceRow[]>;

  inspectionLots(
    filter: InspectionLotFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<InspectionLotRow>>;
  holds(filter: HoldFilter, page: PageRequest, scope: RowScope, options?: ReadOptions): Promise<Page<HoldRow>>;
  dispositions(
    filter: DispositionFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<DispositionRow>>;
  nonconformances(
    filter: NonconformanceFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<NonconformanceRow>>;
}

interface PlantKey {
  readonly plantCode: string;
}
export interface MaterialKey extends PlantKey {
  readonly materialCode: string;
}
export interface LotKey extends MaterialKey {
  readonly lotNumber: string;
}
export interface OrderKey extends PlantKey {
  readonly orderNo: string;
}
export interface InspectionPlanKey extends PlantKey {
  readonly planId: string;
  readonly planVersion: string;
}
export interface InspectionLotKey extends PlantKey {
  readonly inspectionLotNo: string;
}
export interface HoldKey extends PlantKey {
  readonly holdNo: string;
}
export interface DispositionKey extends PlantKey {
  readonly dispositionNo: string;
}
export interface NonconformanceKey extends PlantKey {
  readonly ncNo: string;
}

/** Something of the plant that a hold stands on: the type of the entity and its natural key without the plant. */
export interface Target {
  readonly type: string;
  readonly key: readonly string[];
}
export interface PlantTarget extends PlantKey, Target {}

export interface CharacteristicRow {
  readonly code: string;
  readonly name: string;
  /** UNECE Recommendation 20 code. */
  readonly unit: string;
  /** Decimal text, inclusive. */
  readonly lowerLimit: string;
  /** Decimal text, inclusive. */
  readonly upperLimit: string;
  readonly target: string;
}

export interface InspectionPlanRow extends InspectionPlanKey {
  readonly materialCode: string;
  /** The routing step that it checks. */
  readonly operationNo: string;
  readonly characteristics: readonly CharacteristicRow[];
  readonly partner: null;
}

export type InspectionLotState = 'CREATED' | 'IN_PROGRESS' | 'DECIDED';
export type InspectionDecision = 'ACCEPTED' | 'CONDITIONAL' | 'REJECTED';

export interface InspectionLotRow extends InspectionLotKey {
  readonly planId: string;
  readonly planVersion: string;
  readonly materialCode: string;
  readonly lotNumber: string | null;
  readonly orderNo: string | null;
  readonly operationNo: string;
  readonly lineCode: string | null;
  readonly state: InspectionLotState;
  readonly decision: InspectionDecision | null;
  readonly stateSince: string;
  readonly stateBy: string | null;
  readonly stateReason: string | null;
  readonly createdAt: string;
  readonly changedAt: string;
  readonly partner: string | null;
  readonly version: string;
  /** Characteristics of the plan that have no result yet. */
  readonly missing: readonly string[];
  /** Characteristics whose latest result is outside its limits. */
  readonly failed: readonly string[];
}

export interface InspectionResultRow extends InspectionLotKey {
  readonly characteristic: string;
  readonly sampleNo: string;
  /** Decimal text. */
  readonly value: string;
  readonly unit: string;
  readonly lowerLimit: string;
  readonly upperLimit: string;
  readonly verdict: 'PASSED' | 'FAILED';
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly partner: string | null;
}

export type QualityState =
  | 'NOT_REQUIRED'
  | 'AWAITING_INSPECTION'
  | 'UNDER_INSPECTION'
  | 'HELD'
  | 'RELEASED'
  | 'REJECTED'
  | 'CONDITIONALLY_RELEASED';

export interface LotQualityRow extends LotKey {
  /** `HELD` while an active hold stands on the lot, whatever its inspections say. */
  readonly qualityState: QualityState;
  readonly orderNo: string | null;
  readonly lineCode: string | null;
  readonly partner: string | null;
}

export interface OrderQualityRow extends OrderKey {
  readonly materialCode: string;
  readonly lotNumber: string | null;
  readonly lineCode: string | null;
  readonly qualityStatus: QualityState;
  readonly partner: string | null;
}

export type HoldState = 'PLACED' | 'PARTIALLY_EFFECTIVE' | 'EFFECTIVE' | 'RELEASED';

/** What a hold is about beside its scope, where that is known. */
export interface HoldContext {
  readonly lot: { readonly materialCode: string; readonly lotNumber: string } | null;
  readonly materialCode: string | null;
  readonly orderNo: string | null;
  /** Of `orderNo`. */
  readonly operationNo: string | null;
  readonly inspectionLotNo: string | null;
  readonly lineCode: string | null;
  readonly partner: string | null;
}

export interface HoldRow extends HoldKey, HoldContext {
  readonly scope: Target;
  /** What the hold stands on besides its scope. */
  readonly affected: readonly Target[];
  readonly restrictions: readonly string[];
  readonly reason: string;
  readonly state: HoldState;
  readonly stateSince: string;
  readonly stateBy: string | null;
  readonly placedAt: string;
  readonly placedBy: string;
  readonly releasedAt: string | null;
  readonly acknowledgements: readonly AcknowledgementRow[];
  readonly changedAt: string;
  /** Null: announced, but not recorded in the QMS yet. */
  readonly version: string | null;
}

export interface AcknowledgementRow {
  readonly system: string;
  readonly failed: boolean;
  readonly message: string | null;
  /** Null: announced, but not recorded in the QMS yet. */
  readonly at: string | null;
}

export type DispositionDecision = 'USE_AS_IS' | 'REWORK' | 'SCRAP' | 'RETURN_TO_SUPPLIER';
export type DispositionState = 'PROPOSED' | 'APPROVED' | 'EFFECTIVE' | 'POSTING_FAILED' | 'REJECTED';

export interface DispositionRow extends DispositionKey {
  readonly holdNo: string;
  readonly decision: DispositionDecision;
  /** The lots that the hold stood on when it was proposed. */
  readonly lots: readonly { readonly materialCode: string; readonly lotNumber: string }[];
  readonly state: DispositionState;
  readonly stateSince: string;
  readonly stateBy: string | null;
  /** Why it was rejected, or what the system that refused it said. */
  readonly stateReason: string | null;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly reason: string | null;
  readonly approvedBy: string | null;
  readonly approvedAt: string | null;
  /** Who stands for what, the oldest first. */
  readonly signatures: readonly DispositionSignature[];
  readonly lineCode: string | null;
  readonly partner: string | null;
  readonly changedAt: string;
  readonly version: string;
}

/** What a decision about held goods shows of whoever made it: printed name, time and meaning (21 CFR 11.50(a)), and why. */
export interface DispositionSignature {
  readonly meaning: 'AUTHORED' | 'APPROVED' | 'REJECTED';
  readonly signerId: string;
  readonly signerName: string;
  readonly signedAt: string;
  readonly reason: string | null;
}

export type NonconformanceState = 'OPEN' | 'DISPOSITIONED' | 'CLOSED';
export type NonconformanceSeverity = 'MINOR' | 'MAJOR' | 'CRITICAL';

export interface NonconformanceRow extends NonconformanceKey {
  readonly holdNo: string | null;
  readonly lot: { readonly materialCode: string; readonly lotNumber: string } | null;
  readonly severity: NonconformanceSeverity;
  readonly description: string;
  readonly state: NonconformanceState;
  readonly stateSince: string;
  readonly stateBy: string | null;
  readonly dispositionNo: string | null;
  readonly raisedBy: string;
  readonly raisedAt: string;
  readonly lineCode: string | null;
  readonly partner: string | null;
  readonly changedAt: string;
  readonly version: string;
}

interface PlaceFilter {
  readonly plantCode?: string | null;
  readonly lineCode?: string | null;
  /** ISO 8601 in UTC. */
  readonly changedSince?: string | null;
}

export interface InspectionLotFilter extends PlaceFilter {
  readonly materialCode?: string | null;
  readonly states?: readonly InspectionLotState[] | null;
}

export interface HoldFilter extends PlaceFilter {
  readonly materialCode?: string | null;
  readonly states?: readonly HoldState[] | null;
  /** Only holds that still restrict, or only those that are released. */
  readonly active?: boolean | null;
}

export interface DispositionFilter extends PlaceFilter {
  readonly states?: readonly DispositionState[] | null;
}

export interface NonconformanceFilter extends PlaceFilter {
  readonly states?: readonly NonconformanceState[] | null;
  readonly severities?: readonly NonconformanceSeverity[] | null;
}

export interface CreateInspectionLot extends SystemCommand<'createInspectionLot'> {
  readonly planId: string;
  readonly planVersion: string;
  readonly orderNo: string | null;
  /** Of the plan's material. */
  readonly lotNumber: string | null;
  readonly operationNo: string;
  readonly lineCode: string | null;
  readonly partner: string | null;
}

export interface RecordInspectionResult extends SystemCommand<'recordInspectionResult'> {
  readonly inspectionLotNo: string;
  readonly characteristic: string;
  /** Null: the next one. */
  readonly sampleNo: string | null;
  readonly value: string;
}

export interface DecideInspectionLot extends SystemCommand<'decideInspectionLot'> {
  readonly inspectionLotNo: string;
  readonly decision: InspectionDecision;
  readonly reason: string | null;
}

/** A number that is known and not released is the same hold: what it does not stand on yet is added to it. */
export interface PlaceHold extends SystemCommand<'placeHold'>, HoldContext {
  readonly holdNo: string;
  readonly scope: Target;
  readonly affected: readonly Target[];
  readonly restrictions: readonly string[];
  readonly reason: string;
}

export interface AcknowledgeHold extends SystemCommand<'acknowledgeHold'> {
  readonly holdNo: string;
  readonly system: string;
  readonly failed: boolean;
  readonly message: string | null;
}

export interface ReleaseHold extends SystemCommand<'releaseHold'> {
  readonly holdNo: string;
  readonly dispositionNo: string;
}

export interface ProposeDisposition extends SystemCommand<'proposeDisposition'> {
  readonly holdNo: string;
  readonly decision: DispositionDecision;
  readonly signerName: string;
  readonly reason: string | null;
}

export interface ApproveDisposition extends SystemCommand<'approveDisposition'> {
  readonly dispositionNo: string;
  readonly signerName: string;
  readonly reason: string;
}

export interface RejectDisposition extends SystemCommand<'rejectDisposition'> {
  readonly dispositionNo: string;
  readonly signerName: string;
  readonly reason: string;
}

export interface SettleDisposition extends SystemCommand<'settleDisposition'> {
  readonly dispositionNo: string;
  readonly outcome: 'EFFECTIVE' | 'POSTING_FAILED';
  readonly message: string | null;
}

export interface RaiseNonconformance extends SystemCommand<'raiseNonconformance'> {
  readonly holdNo: string | null;
  readonly lot: { readonly materialCode: string; readonly lotNumber: string } | null;
  readonly severity: NonconformanceSeverity;
  readonly description: string;
  readonly lineCode: string | null;
  readonly partner: string | null;
}

export interface CloseNonconformance extends SystemCommand<'closeNonconformance'> {
  readonly ncNo: string;
}

/** Everything that a QMS can be told. What it says with each posting stands in `QmsResults`. */
export type QmsCommand =
  | CreateInspectionLot
  | RecordInspectionResult
  | DecideInspectionLot
  | PlaceHold
  | AcknowledgeHold
  | ReleaseHold
  | ProposeDisposition
  | ApproveDisposition
  | RejectDisposition
  | SettleDisposition
  | RaiseNonconformance
  | CloseNonconformance;

/** What the QMS says with a posting that it has carried out. */
export interface QmsResults {
  readonly createInspectionLot: { readonly inspectionLotNo: string };
  readonly recordInspectionResult: {
    readonly sampleNo: string;
    readonly verdict: 'PASSED' | 'FAILED';
    /** `495..505 MLT` */
    readonly limits: string;
  };
  readonly decideInspectionLot: { readonly decision: InspectionDecision };
  /** `created` is false when the number was known: then nothing is announced a second time. */
  readonly placeHold: { readonly holdNo: string; readonly created: boolean };
  readonly acknowledgeHold: {
    readonly from: HoldState;
    readonly to: HoldState;
    readonly acknowledgedBy: readonly string[];
  };
  readonly releaseHold: { readonly from: HoldState };
  readonly proposeDisposition: { readonly dispositionNo: string };
  /** The cases that the disposition decides. */
  readonly approveDisposition: { readonly ncNos: readonly string[] };
  readonly rejectDisposition: Readonly<Record<string, never>>;
  readonly settleDisposition: { readonly from: DispositionState };
  readonly raiseNonconformance: { readonly ncNo: string };
  readonly closeNonconformance: Readonly<Record<string, never>>;
}
