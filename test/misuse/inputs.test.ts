import fc from 'fast-check';
import { type GraphQLInputField, type GraphQLObjectType, getNamedType, isEnumType, isInputObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { person } from '../subgraphs/subgraph-under-test.ts';
import { type Data, openWholeGraph, type WholeGraph } from '../support/whole-graph.ts';

const everybody = person({
  roles: ['PLANNER', 'QUALITY_ENGINEER', 'OPERATOR', 'MAINTENANCE_TECHNICIAN', 'AUDITOR'],
  plants: ['BER'],
});

const pieces = (value: string) => ({ value, unit: 'H87' });
const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString();
const order = {
  plantCode: 'BER',
  lineCode: 'L1',
  materialCode: 'WATER-05L',
  quantity: pieces('100'),
  plannedStart: day(1),
  plannedEnd: day(2),
};
const lotId = 'mfg:BER:lot:WATER-05L:L10900';
const filling = 'mfg:BER:operation:10001:0010';

let whole: WholeGraph;
let audited: number;
beforeAll(async () => {
  whole = await openWholeGraph();
  audited = await auditLength();
});
afterAll(() => whole?.close());

async function auditLength(): Promise<number> {
  return (await whole.journal.audit.list({}, { first: 1000 })).length;
}

const long = 'x'.repeat(10_000);
/** What somebody has sent, and the field that is to blame. */
const senseless: readonly (readonly [transition: string, field: string, input: Data, meta?: Data])[] = [
  ...['', ' ', 'A\u0000B', 'A\nB', long, 'Grüße', '-', 'L 1'].map(
    (lotNumber) => ['createProductionOrder', 'input.lotNumber', { ...order, lotNumber }] as const,
  ),
  ...['0', '-1', '1.5', '1'.repeat(16), '1.0000001'].map(
    (value) => ['createProductionOrder', 'input.quantity', { ...order, quantity: pieces(value) }] as const,
  ),
  ['createProductionOrder', 'input.quantity', { ...order, quantity: { value: '1', unit: 'pieces' } }],
  ['createProductionOrder', 'input.plannedEnd', { ...order, plannedEnd: '2199-01-01T00:00:00Z' }],
  ['createProductionOrder', 'input.lineCode', { ...order, lineCode: long }],
  ['moveStock', 'input.toLocation', { lotId, fromLocation: 'FG01', toLocation: '\u0007', quantity: pieces('1') }],
  ['moveStock', 'input.quantity', { lotId, fromLocation: 'FG01', toLocation: 'FG02', quantity: pieces('0.5') }],
  [
    'completeOperation',
    'input.yieldQuantity',
    { operationId: filling, yieldQuantity: pieces('0.5'), scrapQuantity: pieces('0') },
  ],
  ['reportDowntime', 'input.reasonCode', { assetId: 'mfg:BER:asset:BER-FILLER-L1', reasonCode: long }],
  ['placeHold', 'input.holdNo', { scope: lotId, holdNo: `H${long}` }],
  ['placeHold', 'input.scope', { scope: long }],
  ['placeHold', 'input.affected', { scope: lotId, affected: Array.from({ length: 1001 }, () => lotId) }],
  ['placeHold', 'meta.reason', { scope: lotId }, { reason: { text: long } }],
  ['placeHold', 'meta.reason', { scope: lotId }, { reason: { text: 'A\u0000B' } }],
  ['placeHold', 'meta.reason', { scope: lotId }, { reason: { text: 'A \u202e reversed' } }],
  ['placeHold', 'meta.reason', { scope: lotId }, { reason: { text: 'Why.', code: long } }],
  ['placeHold', 'meta.reason', { scope: lotId }, { reason: { text: 'Why.', code: 'x'.repeat(41) } }],
  ['placeHold', 'meta.correlationId', { scope: lotId }, { correlationId: long }],
  ['placeHold', 'meta.expectedVersion', { scope: lotId }, { expectedVersion: long }],
  [
    'recordInspectionResult',
    'input.characteristic',
    { inspectionLotId: 'mfg:BER:inspection-lot:IL-10001', characteristic: long, value: '1' },
  ],
  [
    'recordInspectionResult',
    'input.sampleNo',
    { inspectionLotId: 'mfg:BER:inspection-lot:IL-10001', characteristic: 'FILL-VOLUME', sampleNo: ' ', value: '1' },
  ],
  ['raiseNonconformance', 'input.description', { lotId, severity: 'MINOR', description: ' \n ' }],
  [
    'requestMaintenance',
    'input.description',
    { assetId: 'mfg:BER:asset:BER-FILLER-L1', kind: 'CORRECTIVE', description: long },
  ],
];

describe('what makes no sense', () => {
  test.each(senseless)(
    '%s is refused because of %s, with what is allowed, and leaves nothing behind',
    async (name, field, input, meta) => {
      const answer = await whole.perform(everybody, name, input, meta);
      expect(answer).toMatchObject({ outcome: 'REJECTED', document: null });
      expect(answer.rejections.map(({ code }: Data) => code)).toEqual(['INPUT_INVALID']);
      expect(answer.rejections[0].message.startsWith(`${field} must be `)).toBe(true);
      expect(answer.rejections[0].message.length).toBeLessThan(300);
      expect(await auditLength()).toBe(audited);
    },
  );

  test.each([
    '2026-02-30T08:00:00Z',
    '2026-13-01T08:00:00Z',
    '20266-01-01T08:00:00Z',
    '0001-01-01T00:00:00Z',
    '2026-02-10',
  ])('no planned date is %s', async (plannedStart) => {
    await expect(whole.perform(everybody, 'createProductionOrder', { ...order, plannedStart })).rejects.toThrow(
      /DateTime must be ISO 8601/,
    );
  });

  test('nothing ends before it starts', async () => {
    const answer = await whole.perform(everybody, 'createProductionOrder', {
      ...order,
      plannedEnd: order.plannedStart,
    });
    expect(answer).toMatchObject({ outcome: 'REJECTED', rejections: [{ code: 'DATES_INVALID' }] });
    audited = await auditLength();
  });

  test('nothing has happened tomorrow, two years ago, or on 30 February', async () => {
    const at = (occurredAt: string) => whole.perform(everybody, 'placeHold', { scope: lotId }, { occurredAt });
    await expect(at(day(1))).rejects.toThrow(/BAD_TIME.*|not be in the future/);
    await expect(at(day(-800))).rejects.toThrow(/not be in the future, nor more than a year ago/);
    await expect(at('2026-02-30T08:00:00Z')).rejects.toThrow(/DateTime must be ISO 8601/);
    expect(await auditLength()).toBe(audited);
  });

  test('the key of what was refused for its input is free for the corrected request', async () => {
    const meta = { idempotencyKey: 'typo' };
    const refused = await whole.perform(everybody, 'createProductionOrder', { ...order, lotNumber: 'L 77' }, meta);
    expect(refused.outcome).toBe('REJECTED');
    const corrected = await whole.perform(everybody, 'createProductionOrder', { ...order, lotNumber: 'L-77' }, meta);
    expect(corrected).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
  });

  test.each([
    ['placeHold', { scope: lotId }],
    ['createProductionOrder', order],
    ['createInspectionLot', { planId: 'mfg:BER:inspection-plan:IP-WATER:1', lotId }],
    ['raiseNonconformance', { lotId, severity: 'MINOR', description: 'Label smudged.' }],
    ['reportDowntime', { assetId: 'mfg:BER:asset:BER-FILLER-L1', reasonCode: 'JAM' }],
  ])(
    '%s makes something new, so it says that there is no version to compare, and does not pass it over',
    async (name, input) => {
      const answer = await whole.perform(everybody, name, input, { expectedVersion: '1' });
      expect(answer).toMatchObject({ outcome: 'REJECTED', rejections: [{ code: 'NO_VERSION' }] });
      expect(answer.rejections[0].message).toBe(
        `${name} has no version to compare with 1: what it makes does not exist yet.`,
      );
      audited = await auditLength();
    },
  );

  test('an id with a control character in it is the id of nothing', async () => {
    const { data, errors } = await whole.ask(everybody, '{ lot(id: "mfg:BER:lot:WATER-05L:%00") { id } }');
    expect({ data, errors }).toEqual({ data: { lot: null }, errors: [] });
  });

  test.each(['lots', 'productionOrders', 'operations', 'qualityHolds', 'assets'])(
    'no list of %s is looked through for what nothing is called, or gone on with from nowhere',
    async (list) => {
      const ask = async (args: string) => (await whole.ask(everybody, `{ ${list}(${args}) { nodes { id } } }`)).errors;
      for (const plant of ['"\\u0000"', JSON.stringify(long)])
        expect(await ask(`filter: { plant: ${plant} }`)).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
      const cursor = (key: string) => Buffer.from(`k:${key}`).toString('base64url');
      for (const key of ['BER/%00', 'BER/\u0000'])
        expect(await ask(`after: "${cursor(key)}"`)).toMatchObject([{ extensions: { code: 'INVALID_CURSOR' } }]);
    },
  );

  test.each(['abc', '', '-1', '1e3', '9'.repeat(400)])(
    'no list and no subscription goes on from "%s": the answer is the same code as for any other cursor',
    async (after) => {
      const refused = [{ message: expect.stringContaining('is no cursor'), extensions: { code: 'INVALID_CURSOR' } }];
      const list = await whole.ask(
        everybody,
        'query ($after: EventCursor) { events(after: $after) { nodes { id } } }',
        {
          after,
        },
      );
      expect(list.errors).toMatchObject(refused);
      const follow = (field: string) =>
        whole.follow(everybody, `subscription { ${field}(after: ${JSON.stringify(after)}) { cursor } }`, 1);
      for (const field of ['qualityHoldChanged', 'downtimeChanged', 'eventRecorded'])
        await expect(follow(field)).resolves.toMatchObject([{ errors: refused }]);
    },
  );

  test('whatever the lot number, it is refused, or the lot is found again by its id and by paging', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[\w./#+-]{1,45}$/)),
        async (lotNumber) => {
          const input = { ...order, materialCode: 'LEMON-05L', lotNumber };
          const answer = await whole.perform(everybody, 'createProductionOrder', input);
          if (answer.outcome === 'REJECTED') {
            expect(['INPUT_INVALID', 'LOT_EXISTS']).toContain(answer.rejections[0].code);
            return;
          }
          const args = `plant: "BER", material: "LEMON-05L", lotNumber: ${JSON.stringify(lotNumber)}`;
          const found = await whole.ask(everybody, `{ lotByNumber(${args}) { id lotNumber } }`);
          expect(found.data.lotByNumber.lotNumber).toBe(lotNumber);
          const again = await whole.ask(
            everybody,
            'query ($id: ID!) { lot(id: $id) { lotNumber } }',
            found.data.lotByNumber,
          );
          expect(again.data.lot.lotNumber).toBe(lotNumber);
        },
      ),
      { numRuns: 60 },
    );
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const query =
        'query ($after: String) { lots(first: 3, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }';
      const { data }: { data: Data } = await whole.ask(everybody, query, { after });
      seen.push(...data.lots.nodes.map(({ id }: Data) => id));
      if (!data.lots.pageInfo.hasNextPage) break;
      after = data.lots.pageInfo.endCursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('what a hold names', () => {
  const scope = lotId;
  const named: readonly (readonly [field: string, id: string])[] = [
    ['orderId', 'mfg:LYO:production-order:20001'],
    ['orderId', 'mfg:BER:production-order:99999'],
    ['orderId', 'mfg:BER:lot:WATER-05L:L10001'],
    ['lotId', 'mfg:LYO:lot:WATER-05L:L20001'],
    ['lotId', 'mfg:BER:lot:WATER-05L:NONE'],
    ['operationId', 'mfg:LYO:operation:20001:0010'],
    ['operationId', 'mfg:BER:operation:99999:0010'],
    ['inspectionLotId', 'mfg:LYO:inspection-lot:IL-20001'],
    ['inspectionLotId', 'mfg:BER:inspection-lot:IL-NONE'],
    ['inspectionLotId', 'not an id'],
  ];
  test.each(named)('is of its plant, exists and may be seen: %s %s is refused by its field', async (field, id) => {
    const answer = await whole.perform(everybody, 'placeHold', { scope, [field]: id });
    expect(answer).toMatchObject({
      outcome: 'REJECTED',
      rejections: [{ code: 'REFERENCE_INVALID', guard: 'references' }],
    });
    expect(answer.rejections[0].message).toContain(`input.${field} `);
  });

  test('is refused in the same words whether it is in another plant, or nowhere', async () => {
    const words = async (orderId: string) => {
      const { rejections } = await whole.perform(everybody, 'placeHold', { scope, orderId });
      return JSON.stringify(rejections).replace(orderId, 'it');
    };
    const elsewhere = await words('mfg:LYO:production-order:20001');
    expect(await words('mfg:LYO:production-order:99999')).toBe(elsewhere);
    expect(await words('mfg:BER:production-order:99999')).toBe(elsewhere);
  });

  test('what it is to stand on besides must exist, too', async () => {
    const affected = ['mfg:BER:lot:WATER-05L:L10001', 'mfg:BER:lot:WATER-05L:NONE', 'mfg:LYO:lot:WATER-05L:L20001'];
    const answer = await whole.perform(everybody, 'placeHold', { scope, affected });
    expect(answer).toMatchObject({ outcome: 'REJECTED', rejections: [{ code: 'AFFECTED_INVALID' }] });
    expect(answer.rejections[0].message).toContain('NONE');
    expect(answer.rejections[0].message).not.toContain('L10001');
  });

  test('stands beside the hold when all of it is right', async () => {
    const input = {
      scope: 'mfg:BER:lot:WATER-05L:L10001',
      orderId: 'mfg:BER:production-order:10001',
      operationId: filling,
      inspectionLotId: 'mfg:BER:inspection-lot:IL-10001',
      affected: ['mfg:BER:delivery:D1001'],
    };
    expect(await whole.perform(everybody, 'placeHold', input)).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
  });

  test('another plant’s order or lot is no reason to learn whether it exists', async () => {
    const inspect = (orderId: string) =>
      whole.perform(everybody, 'createInspectionLot', { planId: 'mfg:BER:inspection-plan:IP-WATER:1', orderId });
    for (const orderNo of ['20001', '99999'])
      expect(await inspect(`mfg:LYO:production-order:${orderNo}`)).toMatchObject({
        rejections: [{ code: 'OTHER_PLANT' }],
      });
  });
});

test('no text of any input may be endless', async () => {
  const mutations = (whole.gateway.schema.getType('Mutation') as GraphQLObjectType).getFields();
  for (const { name, args } of Object.values(mutations)) {
    const input = getNamedType(args.find((one) => one.name === 'input')?.type);
    if (!isInputObjectType(input)) throw new Error(`${name} takes no input.`);
    const fields = Object.values(input.getFields());
    const given = Object.fromEntries(fields.map((field) => [field.name, endless(field)]));
    const answer = await whole.perform(everybody, name, given);
    const blamed = answer.rejections.map(({ message }: Data) => message.split(' ')[0]);
    const texts = fields.filter(({ type }) => ['ID', 'String'].includes(getNamedType(type).name));
    expect(blamed, name).toEqual(expect.arrayContaining(texts.map((field) => `input.${field.name}`)));
  }
});

/** 10,000 characters wherever text is taken. */
function endless({ type }: GraphQLInputField): unknown {
  const named = getNamedType(type);
  const ofType: Readonly<Record<string, unknown>> = {
    QuantityInput: pieces('1'),
    Boolean: false,
    Decimal: '1',
    DateTime: day(1),
  };
  const value = isEnumType(named) ? named.getValues()[0]?.name : (ofType[named.name] ?? long);
  return String(type).includes('[') ? [value] : value;
}
