import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dialects } from '../../support/database.ts';
import { ask, codesOf, follow, perform, person } from '../subgraph-under-test.ts';
import { downtimeId, fillerId, fillingId, type Maintenance, openMaintenance, theo } from './maintenance.ts';

describe.each(dialects)('what maintenance can do, with the journal and the CMMS on %s', (dialect) => {
  let maintenance: Maintenance;

  beforeEach(async () => {
    maintenance = await openMaintenance(dialect);
  });
  afterEach(() => maintenance.dispose());

  const act = (name: string, input: Record<string, unknown>, options = {}) =>
    perform(maintenance.subgraph, name, input, { principal: theo, ...options });
  const request = async (over = {}) => {
    const answer = await act(
      'requestMaintenance',
      { assetId: fillerId, kind: 'CORRECTIVE', description: 'Valve 7 leaks.', downtimeId, ...over },
      { select: 'maintenanceWorkOrder { id state { code } downtimeId line { id } }' },
    );
    return answer.maintenanceWorkOrder;
  };
  const setAvailability = (availability: string) => act('setAssetAvailability', { assetId: fillerId, availability });
  const workCenter = async (asked: string) => {
    const { data, errors } = await ask(
      maintenance.subgraph,
      `query ($of: [_Any!]!) { _entities(representations: $of) { ... on WorkCenter { ${asked} } } }`,
      { variables: { of: [{ __typename: 'WorkCenter', id: fillingId }] } },
    );
    expect(errors).toEqual([]);
    return data._entities[0];
  };

  test('a breakdown is requested, approved, repaired and verified, and every step names its downtime', async () => {
    const order = await request();
    expect(order).toMatchObject({ state: { code: 'REQUESTED' }, downtimeId, line: { id: 'mfg:BER:line:L1' } });
    for (const step of ['approveMaintenance', 'startMaintenance', 'completeMaintenance', 'verifyMaintenance'])
      expect((await act(step, { workOrderId: order.id })).outcome).toBe('ACCEPTED');
    const events = await maintenance.journal.events.after('0', {}, 100);
    expect(events.map(({ type, stateChange, line }) => ({ type, stateChange, line }))).toEqual([
      { type: 'maintenance.requested', stateChange: '>REQUESTED', line: 'L1' },
      { type: 'maintenance.approved', stateChange: 'REQUESTED>APPROVED', line: 'L1' },
      { type: 'maintenance.started', stateChange: 'APPROVED>IN_PROGRESS', line: 'L1' },
      { type: 'maintenance.completed', stateChange: 'IN_PROGRESS>WORK_COMPLETE', line: 'L1' },
      { type: 'maintenance.verified', stateChange: 'WORK_COMPLETE>VERIFIED', line: 'L1' },
    ]);
    for (const { data } of events) expect(data).toMatchObject({ assetId: 'BER-FILLER-L1', downtimeId: 'DT-1' });
  });

  test('planned work gets a date, and another one', async () => {
    const { id: workOrderId } = await request({ downtimeId: null, kind: 'PREVENTIVE' });
    await act('approveMaintenance', { workOrderId });
    for (const scheduledFor of ['2026-12-01T05:00:00.000Z', '2026-12-02T05:00:00.000Z']) {
      const answer = await act(
        'scheduleMaintenance',
        { workOrderId, scheduledFor },
        { select: 'maintenanceWorkOrder { scheduledFor state { code } }' },
      );
      expect(answer.maintenanceWorkOrder).toEqual({ scheduledFor, state: { code: 'SCHEDULED' } });
    }
  });

  test('work that has begun is not cancelled, and a cancellation says why', async () => {
    const { id: workOrderId } = await request();
    const silent = await act('cancelMaintenance', { workOrderId }, { meta: { reason: null } });
    expect(codesOf(silent)).toEqual(['REASON_REQUIRED']);
    await act('approveMaintenance', { workOrderId });
    await act('startMaintenance', { workOrderId });
    expect(codesOf(await act('cancelMaintenance', { workOrderId }))).toEqual(['STATE_NOT_ALLOWED']);
  });

  test('a work center is as available as the worst of the assets that are assigned to it now', async () => {
    expect(await workCenter('effectiveAvailability assets { assetId }')).toEqual({
      effectiveAvailability: 'AVAILABLE',
      assets: [{ assetId: 'BER-FILLER-L1' }],
    });
    await setAvailability('DEGRADED');
    expect(await workCenter('effectiveAvailability')).toEqual({ effectiveAvailability: 'DEGRADED' });
    await setAvailability('DOWN_UNPLANNED');
    expect(await workCenter('effectiveAvailability')).toEqual({ effectiveAvailability: 'DOWN' });
    await setAvailability('IN_REPAIR');
    expect(await workCenter('effectiveAvailability')).toEqual({ effectiveAvailability: 'DOWN' });
    await setAvailability('UP');
    expect(await workCenter('effectiveAvailability')).toEqual({ effectiveAvailability: 'AVAILABLE' });
  });

  test('an assignment counts from its first instant to before its last, and stays readable afterwards', async () => {
    const moved = '2026-06-01T00:00:00.000Z';
    await maintenance.cmmsDatabase.write(async (tx) => {
      await tx
        .updateTable('asset_assignment')
        .set({ valid_to: moved })
        .where('asset_id', '=', 'BER-FILLER-L1')
        .execute();
      const spare = { plant_code: 'BER', asset_id: 'BER-FILLER-L2', work_center_code: 'FILL-L1' };
      await tx
        .insertInto('asset_assignment')
        .values({ ...spare, valid_from: moved, valid_to: null })
        .execute();
    });
    const asked = `before: assets(asOf: "2026-05-31T23:59:59.999Z") { assetId }
      after: assets(asOf: "${moved}") { assetId } assignments { asset { assetId } validTo } effectiveAvailability`;
    await setAvailability('DOWN_PLANNED');
    expect(await workCenter(asked)).toEqual({
      before: [{ assetId: 'BER-FILLER-L1' }],
      after: [{ assetId: 'BER-FILLER-L2' }],
      assignments: [
        { asset: { assetId: 'BER-FILLER-L1' }, validTo: moved },
        { asset: { assetId: 'BER-FILLER-L2' }, validTo: null },
      ],
      effectiveAvailability: 'AVAILABLE',
    });
  });

  test('an asset cannot become what it is, nor leave what is final', async () => {
    expect(codesOf(await setAvailability('UP'))).toEqual(['STATE_NOT_ALLOWED']);
    expect(codesOf(await setAvailability('IN_REPAIR'))).toEqual(['STATE_NOT_ALLOWED']);
    expect((await setAvailability('RETIRED')).outcome).toBe('ACCEPTED');
    expect(codesOf(await setAvailability('UP'))).toEqual(['STATE_NOT_ALLOWED']);
    const late = { assetId: fillerId, kind: 'INSPECTION', description: 'Too late.' };
    expect(codesOf(await act('requestMaintenance', late))).toEqual(['ASSET_RETIRED']);
  });

  test.each([
    ['the asset itself', 'BER-FILLER-L1', []],
    ['the line that it is a part of', 'BER-LINE-L1', []],
    ['another machine of the line', 'BER-PACKER-L1', ['REFERENCE_INVALID']],
    ['a machine of another line', 'BER-FILLER-L2', ['REFERENCE_INVALID']],
  ])('work is asked for on account of a downtime of %s', async (_what, stopped, codes) => {
    maintenance.graph.answers = { StoppedAsset: { downtime: { asset: { id: `mfg:BER:asset:${stopped}` } } } };
    const work = { assetId: fillerId, kind: 'CORRECTIVE', description: 'It leaks.', downtimeId };
    expect(codesOf(await act('requestMaintenance', work))).toEqual(codes);
  });

  test('work is asked for on account of a downtime that the MES cannot be asked about', async () => {
    const work = { assetId: fillerId, kind: 'CORRECTIVE', description: 'It leaks.', downtimeId };
    expect(await act('requestMaintenance', work)).toMatchObject({ outcome: 'ACCEPTED' });
  });

  test('a subscriber sees each change of availability, and can come back with its cursor', async () => {
    const document = `subscription ($after: EventCursor) { assetAvailabilityChanged(plant: "BER", after: $after) {
      cursor type asset { assetId availability { code } } } }`;
    await setAvailability('DOWN_UNPLANNED');
    const subscriber = await follow(maintenance.subgraph, document, { variables: { after: '0' } });
    const { assetAvailabilityChanged: first } = await subscriber.next();
    await subscriber.end();
    expect(first).toMatchObject({
      type: 'asset.availabilityChanged',
      asset: { assetId: 'BER-FILLER-L1', availability: { code: 'DOWN_UNPLANNED' } },
    });
    await setAvailability('UP');
    const again = await follow(maintenance.subgraph, document, { variables: { after: first.cursor } });
    expect((await again.next()).assetAvailabilityChanged.asset.availability.code).toBe('UP');
    await again.end();
  });

  test('a downtime leads to the work that is to end it', async () => {
    await request();
    const { data } = await ask(
      maintenance.subgraph,
      `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Downtime { workOrders { workOrderNo } } } }`,
      { variables: { of: [{ __typename: 'Downtime', id: downtimeId }] } },
    );
    expect(data._entities).toEqual([{ workOrders: [{ workOrderNo: 'MO-00000001' }] }]);
  });

  test('lists are filtered and paged, and show nothing of other plants', async () => {
    const document = `query ($after: String) { assets(filter: { criticalities: [HIGH], availabilities: [UP] }, first: 4, after: $after) {
      nodes { assetId parent { assetId } children { assetId } } pageInfo { hasNextPage endCursor } } }`;
    const principal = person({ plants: ['BER'] });
    const { data: first } = await ask(maintenance.subgraph, document, { principal });
    const after = first.assets.pageInfo.endCursor;
    const { data: second } = await ask(maintenance.subgraph, document, { principal, variables: { after } });
    const nodes = [...first.assets.nodes, ...second.assets.nodes].map(({ assetId }) => assetId);
    expect(nodes).toEqual(
      ['FILLER-L1', 'FILLER-L2', 'LINE-L1', 'LINE-L2', 'PACKER-L1', 'PACKER-L2'].map((one) => `BER-${one}`),
    );
    expect(second.assets.pageInfo.hasNextPage).toBe(false);
    expect(first.assets.nodes[0].parent).toEqual({ assetId: 'BER-LINE-L1' });
  });

  test('partners, and people of other plants, see no equipment by any path', async () => {
    await request();
    const document = `query ($of: [_Any!]!) {
      asset(id: "${fillerId}") { name }
      assets { nodes { assetId } }
      maintenanceWorkOrders { nodes { workOrderNo } }
      _entities(representations: $of) { __typename }
    }`;
    const of = [
      { __typename: 'Asset', id: fillerId },
      { __typename: 'WorkCenter', id: fillingId },
      { __typename: 'Downtime', id: downtimeId },
    ];
    for (const principal of [person({ partner: 'CM-400' }), person({ plants: [] })]) {
      const { data } = await ask(maintenance.subgraph, document, { principal, variables: { of } });
      expect(data).toEqual({
        asset: null,
        assets: { nodes: [] },
        maintenanceWorkOrders: { nodes: [] },
        _entities: [null, null, null],
      });
    }
    const foreign = person({ plants: ['LYO'] });
    const answer = await act(
      'setAssetAvailability',
      { assetId: fillerId, availability: 'RETIRED' },
      { principal: foreign },
    );
    expect(codesOf(answer)).toEqual(['NOT_FOUND']);
  });
});
