import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Availability, CmmsCommand, CmmsPort, WorkOrderState } from '../../../connectors/cmms/port.ts';
import { createReferenceCmms } from '../../../connectors/cmms/reference.ts';
import { fillReferenceCmms } from '../../../connectors/cmms/reference-demo.ts';
import { cmmsMigrations } from '../../../connectors/cmms/reference-migrations.ts';
import type { CmmsTables } from '../../../connectors/cmms/reference-tables.ts';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import { SystemTimeoutError, SystemUnavailableError } from '../../../connectors/errors.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { Database } from '../../../storage/database.ts';
import { actionTowards, assetMachine, workOrderMachine } from '../../../subgraphs/cmms/machines.ts';
import { dialects, openTestStorage, type TestStorage } from '../../support/database.ts';
import { mayLead } from '../../support/may-lead.ts';
import { type Body, commandsOf, everything, page, signal } from '../reference-command.ts';

describe.each(dialects)('the reference CMMS on %s', (dialect) => {
  let place: TestStorage;
  let database: Database<CmmsTables>;
  let cmms: CmmsPort;
  const command = commandsOf<CmmsCommand>('theo');

  beforeEach(async () => {
    place = await openTestStorage(dialect);
    database = await place.storage.open<CmmsTables>('cmms', cmmsMigrations);
    await fillReferenceCmms(database, demoPlants, systemClock);
    cmms = createReferenceCmms({ database, clock: systemClock });
  });
  afterEach(() => place.dispose());

  const post = (body: Body<CmmsCommand>, over: Partial<CmmsCommand> = {}) => cmms.post(command(body, over), signal);
  const asset = async (assetId: string) => (await cmms.assetsByKeys([{ plantCode: 'BER', assetId }]))[0]!;
  const workOrder = async (workOrderNo: string) =>
    (await cmms.workOrdersByKeys([{ plantCode: 'BER', workOrderNo }]))[0]!;
  const availability = (to: Availability, assetId = 'BER-FILLER-L1') =>
    ({ name: 'setAssetAvailability', assetId, availability: to, causeRef: 'mfg:BER:downtime:DT-1' }) as const;
  const request = (over = {}) =>
    ({
      name: 'requestMaintenance',
      assetId: 'BER-FILLER-L1',
      kind: 'CORRECTIVE',
      description: 'Valve 7 leaks.',
      downtimeId: 'DT-1',
      ...over,
    }) as const;

  test('is filled once, with assets in their line and at their work center', async () => {
    await post(availability('DOWN_UNPLANNED'));
    await fillReferenceCmms(database, demoPlants, systemClock);
    expect(await asset('BER-FILLER-L1')).toMatchObject({
      parentId: 'BER-LINE-L1',
      lineCode: 'L1',
      criticality: 'HIGH',
      availability: 'DOWN_UNPLANNED',
      availabilityCause: 'mfg:BER:downtime:DT-1',
    });
    expect(await asset('BER-LINE-L2')).toMatchObject({ lineCode: 'L2', parentId: null });
    const parts = await cmms.partsOfAssets([{ plantCode: 'BER', assetId: 'BER-LINE-L1' }]);
    expect(parts.map(({ assetId }) => assetId)).toEqual(['BER-FILLER-L1', 'BER-LABELLER-L1', 'BER-PACKER-L1']);
    expect(await cmms.assignmentsOfWorkCenters([{ plantCode: 'BER', workCenterCode: 'PACK-L2' }])).toMatchObject([
      { assetId: 'BER-PACKER-L2', validTo: null },
    ]);
  });

  test('work orders are numbered in their plant, and found by asset and downtime', async () => {
    const postings = await Promise.all([post(request()), post(request({ downtimeId: null }))]);
    expect(postings.map((one) => one.status === 'POSTED' && one.result['workOrderNo']).sort()).toEqual([
      'MO-00000001',
      'MO-00000002',
    ]);
    const key = { plantCode: 'BER', assetId: 'BER-FILLER-L1' };
    expect(await cmms.workOrdersOfAssets([key])).toHaveLength(2);
    expect(await cmms.workOrdersOfDowntimes([{ plantCode: 'BER', downtimeId: 'DT-1' }])).toMatchObject([
      { assetId: 'BER-FILLER-L1', state: 'REQUESTED', requestedBy: 'theo', lineCode: 'L1' },
    ]);
    expect(await cmms.workOrdersOfDowntimes([{ plantCode: 'LYO', downtimeId: 'DT-1' }])).toEqual([]);
  });

  test('the same transition posted again, even at once, is one posting', async () => {
    const one = command(request());
    const postings = await Promise.all([cmms.post(one, signal), cmms.post(one, signal)]);
    expect(postings[0]).toEqual(postings[1]);
    expect(await cmms.postingOf(one.transitionId, 'BER', signal)).toEqual(postings[0]);
    expect((await cmms.workOrders({}, page(), everything)).rows).toHaveLength(1);
  });

  test('of two that were decided on the same version, the second is refused', async () => {
    const { version } = await asset('BER-FILLER-L1');
    const postings = await Promise.all(
      (['DOWN_UNPLANNED', 'DEGRADED'] as const).map((to) => post(availability(to), { expectedVersion: version })),
    );
    expect(postings.map(({ status }) => status).sort()).toEqual(['POSTED', 'REFUSED']);
    expect(postings.find(({ status }) => status === 'REFUSED')).toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  test('what does not exist is refused, and what is aborted says whether it may have happened', async () => {
    expect(await post(availability('RETIRED', 'BER-NONE'))).toMatchObject({ status: 'REFUSED', code: 'NOT_FOUND' });
    expect(await post(availability('RETIRED'), { plantCode: 'LYO' })).toMatchObject({ code: 'NOT_FOUND' });
    await expect(cmms.post(command(request()), AbortSignal.abort())).rejects.toThrow(SystemUnavailableError);
    const gone = new AbortController();
    const late = cmms.post(command(request()), gone.signal);
    gone.abort();
    await expect(late).rejects.toThrow(SystemTimeoutError);
  });

  test('lists are filtered, paged by key, and show a partner nothing', async () => {
    await post(availability('DEGRADED'));
    await post(request());
    const ids = async (filter: Parameters<CmmsPort['assets']>[0]) =>
      (await cmms.assets(filter, page(), everything)).rows.map(({ assetId }) => assetId);
    expect(await ids({ availabilities: ['DEGRADED'] })).toEqual(['BER-FILLER-L1']);
    expect(await ids({ plantCode: 'LYO', lineCode: 'L2', criticalities: ['MEDIUM'] })).toEqual(['LYO-LABELLER-L2']);
    const first = await cmms.assets({}, page(9), everything);
    const rest = await cmms.assets({}, page(9, `BER/BER-PACKER-L2`), everything);
    expect([first.rows.length, first.hasNextPage, rest.rows.length, rest.hasNextPage]).toEqual([9, true, 8, false]);
    const partner = { plantCodes: null, partner: 'CM-400' };
    expect((await cmms.assets({}, page(), partner)).rows).toEqual([]);
    expect((await cmms.workOrders({}, page(), partner)).rows).toEqual([]);
    expect(
      (await cmms.workOrders({ states: ['REQUESTED'], kinds: ['CORRECTIVE'] }, page(), everything)).rows,
    ).toHaveLength(1);
  });

  const runs = { numRuns: dialect === 'sqlite' ? 40 : 8 };
  const workOrderActions = {
    approveMaintenance: 'approve',
    scheduleMaintenance: 'schedule',
    startMaintenance: 'start',
    completeMaintenance: 'complete',
    verifyMaintenance: 'verify',
    cancelMaintenance: 'cancel',
  } as const;
  type StepName = keyof typeof workOrderActions;

  test('no sequence of calls brings a work order anywhere that its state machine does not lead to', async () => {
    const steps = fc.constantFrom(...(Object.keys(workOrderActions) as StepName[]));
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 15 }), async (names) => {
        const created = await post(request());
        const { workOrderNo } = (created as unknown as { result: { workOrderNo: string } }).result;
        let state: WorkOrderState = 'REQUESTED';
        for (const name of names) {
          const posting = await post({ name, workOrderNo, reason: null, scheduledFor: null } as Body<CmmsCommand>);
          const after = (await workOrder(workOrderNo)).state;
          if (posting.status === 'REFUSED') {
            expect(after).toBe(state);
            expect(workOrderMachine.actions[workOrderActions[name]].from).not.toContain(state);
          } else expect(mayLead(workOrderMachine, state, workOrderActions[name], after)).toBe(true);
          state = after;
        }
      }),
      runs,
    );
  });

  test('no sequence of calls brings an asset anywhere that its state machine does not lead to', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...assetMachine.states), { maxLength: 15 }), async (wanted) => {
        await database.write((tx) =>
          tx.updateTable('asset').set({ availability: 'UP' }).where('asset_id', '=', 'BER-PACKER-L1').execute(),
        );
        let state: Availability = 'UP';
        for (const to of wanted) {
          const posting = await post(availability(to, 'BER-PACKER-L1'));
          const after = (await asset('BER-PACKER-L1')).availability;
          const isAllowed = mayLead(assetMachine, state, actionTowards[to], to);
          expect(posting.status).toBe(isAllowed ? 'POSTED' : 'REFUSED');
          expect(after).toBe(isAllowed ? to : state);
          state = after;
        }
      }),
      runs,
    );
  });
});
