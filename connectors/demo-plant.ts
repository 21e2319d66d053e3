/**
 * The demo bottling plant: one consistent set of natural keys, from which each reference system fills itself with what
 * it owns. Two plants have the same shape under different numbers, so that a wrong plant shows.
 */
export interface DemoPlant {
  readonly plantCode: string;
  readonly name: string;
  readonly lines: readonly { readonly lineCode: string; readonly name: string }[];
  readonly workCenters: readonly {
    readonly workCenterCode: string;
    readonly lineCode: string;
    readonly name: string;
    /** A breakdown of its asset stops the release of orders that need it. */
    readonly constrained: boolean;
  }[];
  readonly materials: readonly {
    readonly materialCode: string;
    readonly name: string;
    readonly unit: string;
    readonly kind: 'RAW' | 'FINISHED';
  }[];
  readonly orders: readonly DemoOrder[];
  readonly lots: readonly DemoLot[];
  readonly deliveries: readonly {
    readonly deliveryNo: string;
    readonly customer: string;
    readonly plannedShipDate: string;
    readonly partner: string | null;
    readonly items: readonly { readonly materialCode: string; readonly lotNumber: string; readonly quantity: string }[];
  }[];
  readonly assets: readonly {
    readonly assetId: string;
    readonly name: string;
    readonly parent: string | null;
    readonly criticality: 'HIGH' | 'MEDIUM' | 'LOW';
    /** The ERP work center that the asset is assigned to, from the plant's first day. */
    readonly workCenterCode: string | null;
  }[];
  readonly inspectionPlans: readonly {
    readonly planId: string;
    readonly materialCode: string;
    readonly version: string;
    /** The routing step that it checks. */
    readonly operationNo: string;
    readonly characteristics: readonly {
      readonly code: string;
      readonly name: string;
      readonly unit: string;
      readonly lowerLimit: string;
      readonly upperLimit: string;
      readonly target: string;
    }[];
  }[];
}

export interface DemoOrder {
  readonly orderNo: string;
  readonly materialCode: string;
  readonly lineCode: string;
  readonly quantity: string;
  readonly unit: string;
  readonly lotNumber: string;
  readonly plannedStart: string;
  readonly plannedEnd: string;
  readonly state: 'PLANNED' | 'RELEASED' | 'IN_PROCESS';
  /** The contract manufacturer's or customer's number when the order is made for one. */
  readonly partner: string | null;
  readonly operations: readonly {
    readonly operationNo: string;
    readonly name: string;
    readonly workCenterCode: string;
    /** As the MES sees it; null: not dispatched yet. */
    readonly execution: 'ALLOWED_TO_START' | 'RUNNING' | 'ENDED' | null;
  }[];
}

export interface DemoLot {
  readonly lotNumber: string;
  readonly materialCode: string;
  /** The order that makes or made it; null for bought lots. */
  readonly orderNo: string | null;
  readonly quantity: string;
  readonly unit: string;
  readonly storageLocation: string;
  readonly stockType: 'UNRESTRICTED' | 'QUALITY_INSPECTION' | 'BLOCKED' | null;
  readonly productionState: 'PLANNED' | 'IN_PROCESS' | 'PRODUCED' | null;
  readonly qualityState: 'NOT_REQUIRED' | 'AWAITING_INSPECTION' | 'RELEASED';
  readonly expiresOn: string;
  readonly partner: string | null;
}

/** The contract manufacturing customer whose token may see its own orders, lots and deliveries. */
export const demoPartner = 'CM-400';

interface Numbers {
  readonly plantCode: string;
  readonly name: string;
  /** First digits of order, delivery and lot numbers. */
  readonly prefix: string;
}

/**
 * Orders: `<prefix>001` runs (filling running, packaging not started), `<prefix>002` is planned and can be released,
 * `<prefix>003` is planned for the partner, `<prefix>004` is released. Deliveries: `D<prefix>01` ships the running
 * order's lot and a finished one, `D<prefix>02` a finished one, `D<prefix>03` the partner's.
 */
function demoPlant({ plantCode, name, prefix }: Numbers): DemoPlant {
  const steps = (filling: 'RUNNING' | 'ALLOWED_TO_START' | null, line: string) => [
    { operationNo: '0010', name: 'Rinse and fill', workCenterCode: `FILL-${line}`, execution: filling },
    {
      operationNo: '0020',
      name: 'Label',
      workCenterCode: `LABEL-${line}`,
      execution: filling && ('ALLOWED_TO_START' as const),
    },
    {
      operationNo: '0030',
      name: 'Pack',
      workCenterCode: `PACK-${line}`,
      execution: filling && ('ALLOWED_TO_START' as const),
    },
  ];
  const lot = (lotNumber: string, materialCode: string, over: Partial<DemoLot>): DemoLot => ({
    lotNumber,
    materialCode,
    orderNo: null,
    quantity: '4800',
    unit: 'H87',
    storageLocation: 'FG01',
    stockType: 'UNRESTRICTED',
    productionState: 'PRODUCED',
    qualityState: 'RELEASED',
    expiresOn: '2028-12-31',
    partner: null,
    ...over,
  });
  const order = (number: string, lineCode: string, over: Partial<DemoOrder>): DemoOrder => ({
    orderNo: `${prefix}${number}`,
    materialCode: 'WATER-05L',
    lineCode,
    quantity: '9600',
    unit: 'H87',
    lotNumber: `L${prefix}${number}`,
    plannedStart: '2026-11-23T05:00:00.000Z',
    plannedEnd: '2026-11-23T13:00:00.000Z',
    state: 'PLANNED',
    partner: null,
    operations: steps(null, lineCode),
    ...over,
  });
  const check = {
    code: 'FILL-VOLUME',
    name: 'Fill volume',
    unit: 'MLT',
    lowerLimit: '495',
    upperLimit: '505',
    target: '500',
  };
  const torque = {
    code: 'CAP-TORQUE',
    name: 'Cap torque',
    unit: 'NU',
    lowerLimit: '1.1',
    upperLimit: '1.7',
    target: '1.4',
  };
  return {
    plantCode,
    name,
    lines: [
      { lineCode: 'L1', name: 'Line 1, PET' },
      { lineCode: 'L2', name: 'Line 2, glass' },
    ],
    workCenters: ['L1', 'L2'].flatMap((lineCode) => [
      { workCenterCode: `FILL-${lineCode}`, lineCode, name: `Filling, ${lineCode}`, constrained: true },
      { workCenterCode: `LABEL-${lineCode}`, lineCode, name: `Labelling, ${lineCode}`, constrained: false },
      { workCenterCode: `PACK-${lineCode}`, lineCode, name: `Packaging, ${lineCode}`, constrained: true },
    ]),
    materials: [
      { materialCode: 'WATER-05L', name: 'Still water 0.5 l PET', unit: 'H87', kind: 'FINISHED' },
      { materialCode: 'LEMON-05L', name: 'Lemonade 0.5 l glass', unit: 'H87', kind: 'FINISHED' },
      { materialCode: 'PREFORM-05L', name: 'PET preform 0.5 l', unit: 'H87', kind: 'RAW' },
      { materialCode: 'CAP-28', name: 'Screw cap 28 mm', unit: 'H87', kind: 'RAW' },
    ],
    orders: [
      order('001', 'L1', { state: 'IN_PROCESS', operations: steps('RUNNING', 'L1') }),
      order('002', 'L1', {}),
      order('003', 'L2', { materialCode: 'LEMON-05L', partner: demoPartner }),
      order('004', 'L2', { materialCode: 'LEMON-05L', state: 'RELEASED', operations: steps('ALLOWED_TO_START', 'L2') }),
    ],
    lots: [
      lot(`L${prefix}001`, 'WATER-05L', {
        orderNo: `${prefix}001`,
        quantity: '2400',
        stockType: 'QUALITY_INSPECTION',
        productionState: 'IN_PROCESS',
        qualityState: 'AWAITING_INSPECTION',
      }),
      lot(`L${prefix}002`, 'WATER-05L', {
        orderNo: `${prefix}002`,
        quantity: '0',
        stockType: null,
        productionState: 'PLANNED',
        qualityState: 'AWAITING_INSPECTION',
      }),
      lot(`L${prefix}003`, 'LEMON-05L', {
        orderNo: `${prefix}003`,
        quantity: '0',
        stockType: null,
        productionState: 'PLANNED',
        qualityState: 'AWAITING_INSPECTION',
        partner: demoPartner,
      }),
      lot(`L${prefix}004`, 'LEMON-05L', {
        orderNo: `${prefix}004`,
        quantity: '0',
        stockType: null,
        productionState: 'PLANNED',
        qualityState: 'AWAITING_INSPECTION',
      }),
      lot(`L${prefix}900`, 'WATER-05L', {}),
      lot(`L${prefix}901`, 'LEMON-05L', { partner: demoPartner }),
      lot(`P${prefix}10`, 'PREFORM-05L', {
        quantity: '50000',
        storageLocation: 'RM01',
        productionState: null,
        qualityState: 'NOT_REQUIRED',
      }),
      lot(`C${prefix}10`, 'CAP-28', {
        quantity: '80000',
        storageLocation: 'RM01',
        productionState: null,
        qualityState: 'NOT_REQUIRED',
      }),
    ],
    deliveries: [
      {
        deliveryNo: `D${prefix}01`,
        customer: 'Kiosk Mitte',
        plannedShipDate: '2026-11-24',
        partner: null,
        items: [
          { materialCode: 'WATER-05L', lotNumber: `L${prefix}001`, quantity: '1200' },
          { materialCode: 'WATER-05L', lotNumber: `L${prefix}900`, quantity: '600' },
        ],
      },
      {
        deliveryNo: `D${prefix}02`,
        customer: 'Hotel am See',
        plannedShipDate: '2026-11-24',
        partner: null,
        items: [{ materialCode: 'WATER-05L', lotNumber: `L${prefix}900`, quantity: '2400' }],
      },
      {
        deliveryNo: `D${prefix}03`,
        customer: 'Limo & Co.',
        plannedShipDate: '2026-11-25',
        partner: demoPartner,
        items: [{ materialCode: 'LEMON-05L', lotNumber: `L${prefix}901`, quantity: '1800' }],
      },
    ],
    assets: ['L1', 'L2'].flatMap((line) => [
      {
        assetId: `${plantCode}-LINE-${line}`,
        name: `Bottling line ${line}`,
        parent: null,
        criticality: 'HIGH' as const,
        workCenterCode: null,
      },
      {
        assetId: `${plantCode}-FILLER-${line}`,
        name: `Filler ${line}`,
        parent: `${plantCode}-LINE-${line}`,
        criticality: 'HIGH' as const,
        workCenterCode: `FILL-${line}`,
      },
      {
        assetId: `${plantCode}-LABELLER-${line}`,
        name: `Labeller ${line}`,
        parent: `${plantCode}-LINE-${line}`,
        criticality: 'MEDIUM' as const,
        workCenterCode: `LABEL-${line}`,
      },
      {
        assetId: `${plantCode}-PACKER-${line}`,
        name: `Packer ${line}`,
        parent: `${plantCode}-LINE-${line}`,
        criticality: 'HIGH' as const,
        workCenterCode: `PACK-${line}`,
      },
    ]),
    inspectionPlans: [
      {
        planId: 'IP-WATER',
        materialCode: 'WATER-05L',
        version: '1',
        operationNo: '0010',
        characteristics: [check, torque],
      },
      { planId: 'IP-LEMON', materialCode: 'LEMON-05L', version: '1', operationNo: '0010', characteristics: [check] },
    ],
  };
}

export const demoPlants: readonly DemoPlant[] = [
  demoPlant({ plantCode: 'BER', name: 'Berlin bottling', prefix: '10' }),
  demoPlant({ plantCode: 'LYO', name: 'Lyon bottling', prefix: '20' }),
];
