import fc from 'fast-check';
import {
  execute,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isNonNullType,
  isObjectType,
  isScalarType,
  parse,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoPlant, demoPartner, demoPlants } from '../../connectors/demo-plant.ts';
import { entityId, parseEntityId } from '../../journal/entity-ref.ts';
import { person } from '../subgraphs/subgraph-under-test.ts';
import { type Data, openWholeGraph, type WholeGraph } from '../support/whole-graph.ts';

const rival = 'CM-900';

/**
 * The demo plants, with a second partner in them. What partners have shares lines, materials and deliveries, as in any plant
 * that makes things for several customers.
 */
function withRival(plant: DemoPlant): DemoPlant {
  const prefix = plant.orders[0]?.orderNo.slice(0, 2) ?? '';
  const rivalsLot = `L${prefix}905`;
  return {
    ...plant,
    orders: plant.orders.map((order) => {
      const steps = order.operations.map((step) => ({ ...step, execution: 'ALLOWED_TO_START' as const }));
      if (order.orderNo.endsWith('003')) return { ...order, state: 'IN_PROCESS', operations: steps };
      return order.orderNo.endsWith('004') ? { ...order, partner: rival } : order;
    }),
    lots: [
      ...plant.lots.map((lot) => (lot.lotNumber.endsWith('004') ? { ...lot, partner: rival } : lot)),
      ...plant.lots
        .filter(({ lotNumber }) => lotNumber.endsWith('901'))
        .map((lot) => ({ ...lot, lotNumber: rivalsLot, partner: rival })),
    ],
    deliveries: [
      ...plant.deliveries.map((delivery) =>
        delivery.partner === demoPartner
          ? {
              ...delivery,
              items: [...delivery.items, { materialCode: 'LEMON-05L', lotNumber: rivalsLot, quantity: '10' }],
            }
          : delivery,
      ),
      {
        deliveryNo: `D${prefix}04`,
        customer: 'Rival & Sons',
        plannedShipDate: '2026-11-25',
        partner: rival,
        items: [{ materialCode: 'LEMON-05L', lotNumber: rivalsLot, quantity: '100' }],
      },
    ],
  };
}

const everything = person({
  id: 'paula.plant',
  name: 'Paula Plant',
  roles: ['PLANNER', 'QUALITY_ENGINEER', 'OPERATOR', 'MAINTENANCE_TECHNICIAN', 'AUDITOR'],
});
const manager = person({ id: 'mara.manager', name: 'Mara Manager', roles: ['QUALITY_MANAGER'] });
const partners = {
  'of one plant': person({ id: 'carl', roles: ['PARTNER'], plants: ['BER'], partner: demoPartner }),
  'of every plant': person({ id: 'cora', roles: ['PARTNER'], plants: ['*'], partner: demoPartner }),
  // Whatever else the token says.
  'with other roles': person({ id: 'cleo', roles: ['PARTNER', 'QUALITY_MANAGER', 'AUDITOR'], partner: demoPartner }),
};

let whole: WholeGraph;

beforeAll(async () => {
  whole = await openWholeGraph({ plants: demoPlants.map(withRival) });
  for (const [plant, prefix] of [
    ['BER', '10'],
    ['LYO', '20'],
  ] as const)
    await tellStory(plant, prefix);
  await whole.settled();
});
afterAll(() => whole?.close());

/** What happens to a partner's things because of other people's, and the other way round. */
async function tellStory(plant: string, prefix: string): Promise<void> {
  const id = (type: Parameters<typeof entityId>[1], ...key: string[]) => entityId(plant, type, ...key);
  const lot = (number: string) => id('lot', 'LEMON-05L', number);
  const amount = { value: '10', unit: 'H87' };
  const does = async (name: string, input: Data, by = everything) => {
    const answer = await whole.perform(by, name, input);
    if (answer.outcome !== 'ACCEPTED') throw new Error(`${name}: ${JSON.stringify(answer)}`);
    await whole.settled();
  };
  const filling = id('operation', `${prefix}003`, '0010');
  await does('startOperation', { operationId: filling });
  for (const used of [id('lot', 'PREFORM-05L', `P${prefix}10`), lot(`L${prefix}905`)])
    await does('recordConsumption', { operationId: filling, lotId: used, quantity: amount });
  await does('createInspectionLot', {
    planId: id('inspection-plan', 'IP-LEMON', '1'),
    orderId: id('production-order', `${prefix}003`),
  });
  const { data } = await whole.ask(
    everything,
    `{ productionOrder(id: "${id('production-order', `${prefix}003`)}") {
    inspectionLots { id } } }`,
  );
  const inspectionLotId = data.productionOrder.inspectionLots[0].id;
  await does('recordInspectionResult', { inspectionLotId, characteristic: 'FILL-VOLUME', value: '1' });
  await does('placeHold', {
    scope: lot(`L${prefix}901`),
    holdNo: 'OWN-1',
    orderId: id('production-order', `${prefix}004`),
    affected: [lot(`L${prefix}905`), id('production-order', `${prefix}004`), id('delivery', `D${prefix}04`)],
  });
  await does('placeHold', { scope: id('material', 'LEMON-05L'), holdNo: 'PLANT-1' });
  await does('placeHold', {
    scope: lot(`L${prefix}905`),
    holdNo: 'RIVAL-1',
    affected: [id('delivery', `D${prefix}03`)],
  });
  await does('proposeDisposition', { holdId: id('hold', 'OWN-1'), decision: 'SCRAP' });
  await does('raiseNonconformance', { holdId: id('hold', 'OWN-1'), severity: 'MINOR', description: 'Labels.' });
  await does('reportDowntime', { assetId: id('asset', `${plant}-FILLER-L2`), workCenterIds: [], reasonCode: 'JAM' });
  const open = await whole.ask(manager, `{ dispositions(filter: { plant: "${plant}" }) { nodes { id } } }`);
  await does('rejectDisposition', { dispositionId: open.data.dispositions.nodes[0].id }, manager);
}

/** One row of each type and plant, of the partner's and of others'. */
function oneOfEach(rows: readonly Row[]): readonly Row[] {
  const kindOf = ({ id, isOwn }: Row) => `${parseEntityId(id)?.plantCode} ${parseEntityId(id)?.type} ${isOwn}`;
  return [...new Map(rows.map((row) => [kindOf(row), row])).values()];
}

/** A connection, by what it lists, with the natural number of each row and whose it is. */
const lists: Readonly<Record<string, string>> = {
  productionOrders: 'orderNo partner',
  lots: 'lotNumber partner',
  deliveries: 'deliveryNo partner',
  inspectionLots: 'inspectionLotNo partner',
  qualityHolds: 'holdNo partner',
  dispositions: 'dispositionNo partner',
  nonconformances: 'ncNo partner',
  downtimes: 'downtimeId',
  assets: 'assetId',
  maintenanceWorkOrders: 'workOrderNo',
  operations: 'order { partner }',
  workCenters: 'version',
  materials: 'name',
  plants: 'name lines { id }',
};

interface Row {
  readonly id: string;
  readonly number: string | null;
  readonly isOwn: boolean;
}

/** Every row of every system, as the plants' own people see them. */
async function everyRow(): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (const [list, fields] of Object.entries(lists)) {
    const { data, errors } = await whole.ask(everything, `{ ${list}(first: 200) { nodes { id ${fields} } } }`);
    expect(errors).toEqual([]);
    expect(data[list].nodes.length, list).toBeGreaterThan(0);
    for (const node of data[list].nodes) {
      const isOwn = (node.partner ?? node.order?.partner ?? null) === demoPartner;
      const [, number = null] = Object.entries(node).find(([key]) => /No$|Number$|Id$/.test(key)) ?? [];
      found.push({ id: node.id, number: number as string | null, isOwn });
      for (const line of node.lines ?? []) found.push({ id: line.id, number: null, isOwn: false });
    }
  }
  return found;
}

/** Every text that a partner must never read. */
async function foreignTexts(): Promise<readonly string[]> {
  const rows = await everyRow();
  const foreign = rows.filter(({ isOwn }) => !isOwn);
  const own = new Set(rows.filter(({ isOwn }) => isOwn).flatMap(({ number }) => number ?? []));
  const numbers = foreign.flatMap(({ number }) => (number === null || own.has(number) ? [] : [number]));
  const people = [everything.id, everything.name, manager.id, manager.name];
  return [...new Set([...foreign.map(({ id }) => id), ...numbers, ...people, rival])];
}

const inPattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** @returns what of somebody else's stands in the answer as a word of its own */
function findForeign(answer: unknown, texts: readonly string[]): readonly string[] {
  const read = JSON.stringify(answer);
  return texts.filter(
    (text) => read.includes(text) && new RegExp(`(?<![\\w-])${inPattern(text)}(?![\\w-])`).test(read),
  );
}

/** Cost limits aside, a partner may ask for anything: every leaf, and at each level some of the fields that lead on. */
function selectionOf(type: GraphQLNamedType, next: () => number, depth: number): string {
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).filter(needsNoArguments);
  const isLeaf = ({ type: of }: GraphQLField<unknown, unknown>) => {
    const named = getNamedType(of);
    return isScalarType(named) || isEnumType(named);
  };
  const leaves = fields.filter(isLeaf).map(({ name }) => name);
  const ways = fields.filter((field) => !isLeaf(field));
  const taken = depth === 0 || ways.length === 0 ? [] : [0, 1].map(() => ways[next() % ways.length]);
  const always = ways.filter(({ name }) =>
    ['state', 'availableTransitions', 'blockers', 'blocks', 'edges'].includes(name),
  );
  const below = [...new Set([...taken, ...always])].flatMap((field) => {
    if (!field) return [];
    const selection = selectionOf(getNamedType(field.type), next, depth - 1);
    return selection ? [`${field.name} ${selection}`] : [];
  });
  return leaves.length + below.length === 0 ? '' : `{ ${['__typename', ...leaves, ...below].join(' ')} }`;
}

function needsNoArguments({ args }: GraphQLField<unknown, unknown>): boolean {
  return args.every(({ type, defaultValue }) => !isNonNullType(type) || defaultValue !== undefined);
}

const rootFields = (name: 'Query' | 'Mutation' | 'Subscription') =>
  Object.values((whole.gateway.schema.getType(name) as GraphQLObjectType).getFields());

describe.each(Object.entries(partners))('somebody of a partner, %s', (_name, partner) => {
  let foreign: readonly string[];
  let rows: readonly Row[];
  let visible: readonly Row[];

  beforeAll(async () => {
    foreign = await foreignTexts();
    rows = await everyRow();
    const isOfPlant = (id: string) =>
      partner.plants.includes('*') || partner.plants.includes(parseEntityId(id)?.plantCode ?? '');
    visible = rows.filter(({ id, isOwn }) => isOwn && isOfPlant(id));
  });

  test('finds its own things, and no others, by every lookup', async () => {
    const lookups = rootFields('Query').filter(({ args }) => args.length === 1 && args[0]?.name === 'id');
    expect(lookups.length).toBeGreaterThan(12);
    const found = new Set<string>();
    for (const { name } of lookups)
      for (const { id } of rows) {
        const { data } = await whole.ask(partner, `query ($id: ID!) { ${name}(id: $id) { id } }`, { id });
        if (data?.[name]) found.add(data[name].id);
      }
    expect([...found].toSorted()).toEqual(visible.map(({ id }) => id).toSorted());
  });

  test('learns of its own holds what they hold, and of nobody else’s, though they hold its things', async () => {
    for (const list of ['lots', 'deliveries', 'workCenters']) {
      const document = `query ($heldBy: ID!) { ${list}(filter: { heldBy: $heldBy }) { nodes { id } } }`;
      for (const holdNo of ['RIVAL-1', 'PLANT-1', 'NONE']) {
        const { data } = await whole.ask(partner, document, { heldBy: entityId('BER', 'hold', holdNo) });
        expect(data[list].nodes).toEqual([]);
      }
      const own = await whole.ask(partner, document, { heldBy: entityId('BER', 'hold', 'OWN-1') });
      expect(own.data[list].nodes.length > 0).toBe(list !== 'workCenters');
    }
  });

  test('is given no reference to what is not its own, by any subgraph', async () => {
    for (const { schema, createContext } of whole.subgraphs) {
      const entities = schema.getType('_Entity');
      // Others are only named here: their keys are not resolvable, and nobody is asked for them.
      const types = entities && 'getTypes' in entities ? entities.getTypes() : [];
      expect(types.length).toBeGreaterThan(0);
      const hidden = rows.filter(({ id }) => !visible.some((row) => row.id === id));
      const representations = types.flatMap(({ name }) => hidden.map(({ id }) => ({ __typename: name, id })));
      const { data, errors } = await execute({
        schema,
        document: parse('query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }'),
        variableValues: { of: representations },
        contextValue: createContext({ principal: partner, requestId: 'r', signal: new AbortController().signal }),
      });
      expect(errors).toBeUndefined();
      const found = data?.['_entities'] as readonly unknown[];
      const given = representations.filter((_one, index) => found[index] !== null);
      expect(given).toEqual([]);
    }
  });

  test('reads nothing of anybody else, whatever way it goes through the graph', async () => {
    const ways = [
      ...Object.keys(lists).map((list) => ({ field: `${list}(first: 20)`, type: list })),
      ...visible.map(({ id }) => ({ field: lookupOf(id), type: lookupOf(id).replace(/\(.*/, '') })),
      ...visible
        .filter(({ id }) => /:(lot|delivery):/.test(id))
        .map(({ id }) => ({
          field: `shipmentEligibility(${id.includes(':lot:') ? 'lot' : 'delivery'}: "${id}")`,
          type: 'shipmentEligibility',
        })),
    ];
    const fields = new Map(rootFields('Query').map((field) => [field.name, field]));
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ways),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 5 }),
        async ({ field, type }, choices, depth) => {
          const next = () => choices.next().value as number;
          const root = fields.get(type);
          if (!root) throw new Error(`There is no ${type}.`);
          const query = `{ ${field} ${selectionOf(getNamedType(root.type), next, depth)} }`;
          const answer = await whole.ask(partner, query);
          if (answer.data?.[type]) answered += 1;
          expect(findForeign(answer, foreign), query).toEqual([]);
        },
      ),
      { numRuns: 250 },
    );
    expect(answered).toBeGreaterThan(200);
  });

  test('is refused every transition, and learns nothing from the refusal', async () => {
    for (const { name, args } of rootFields('Mutation')) {
      const input = getNamedType(args[0]?.type ?? null);
      if (!isInputObjectType(input)) throw new Error(`${name} takes no input.`);
      for (const { id } of oneOfEach(rows)) {
        const given = Object.values(input.getFields()).map((field) => [field.name, sampleOf(field, id)]);
        const mentions = (text: string) => JSON.stringify(given).includes(text);
        const answer = await whole.perform(partner, name, Object.fromEntries(given)).catch((error) => String(error));
        expect(answer.outcome ?? 'REJECTED', `${name} ${id}`).toBe('REJECTED');
        expect(
          findForeign(
            answer,
            foreign.filter((text) => !mentions(text)),
          ),
          `${name} ${id}`,
        ).toEqual([]);
      }
    }
  });

  test('asks in vain whether somebody else’s things could be changed', async () => {
    const names = rootFields('Mutation').map(({ name }) => name);
    for (const { id } of rows) {
      const fields = names.map((name, index) => `a${index}: canTransition(entity: $id, name: "${name}") { ...Check }`);
      for (let from = 0; from < fields.length; from += 25) {
        const query = `query ($id: ID!) { ${fields.slice(from, from + 25).join(' ')} }
          fragment Check on TransitionCheck { name allowed blockers { code message remediation blockingRef } }`;
        const answer = await whole.ask(partner, query, { id });
        expect(findForeign(answer, foreign), id).toEqual([]);
        if (!visible.some((row) => row.id === id))
          expect(Object.values(answer.data).every((one) => one === null)).toBe(true);
      }
    }
  });

  test('hears of its own things only, by every subscription', async () => {
    for (const field of rootFields('Subscription')) {
      const given = field.args.flatMap(({ name }) =>
        name === 'after' ? ['after: "0"'] : name === 'snapshot' ? ['snapshot: true'] : [],
      );
      const payload = getNamedType(field.type);
      const choose = (() => {
        let at = 0;
        return () => at++;
      })();
      const query = `subscription { ${field.name}(${given.join(', ')}) ${selectionOf(payload, choose, 3)} }`;
      const heard = await whole.follow(partner, query, 200);
      if (['qualityHoldChanged', 'operationChanged'].includes(field.name)) expect(heard.length).toBeGreaterThan(1);
      if (field.name === 'eventRecorded')
        expect(heard).toMatchObject([{ errors: [{ extensions: { code: 'FORBIDDEN' } }] }]);
      expect(findForeign(heard, foreign), field.name).toEqual([]);
    }
  });
});

const lookupNames: Readonly<Record<string, string>> = {
  'production-order': 'productionOrder',
  lot: 'lot',
  delivery: 'delivery',
  operation: 'operation',
  'inspection-lot': 'inspectionLot',
  hold: 'qualityHold',
  disposition: 'disposition',
  nonconformance: 'nonconformance',
};

function lookupOf(id: string): string {
  return `${lookupNames[parseEntityId(id)?.type ?? '']}(id: "${id}")`;
}

/** Something that fits the input field; an id wherever one is taken. */
function sampleOf({ name, type }: { readonly name: string; readonly type: Data }, id: string): unknown {
  const named: GraphQLNamedType = getNamedType(type as GraphQLInputType);
  const isList = String(type).includes('[');
  if (isEnumType(named)) return isList ? [named.getValues()[0]?.name] : named.getValues()[0]?.name;
  if (isInputObjectType(named)) return { value: '1', unit: 'H87' };
  const ofScalar: Readonly<Record<string, unknown>> = {
    ID: id,
    Boolean: false,
    Decimal: '1',
    DateTime: '2026-11-25T00:00:00.000Z',
    Date: '2026-11-25',
  };
  const value = ofScalar[named.name] ?? (name === 'plantCode' ? parseEntityId(id)?.plantCode : 'X1');
  return isList ? [value] : value;
}
