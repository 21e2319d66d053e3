import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dialects } from '../../support/database.ts';
import { type Answer, ask, codesOf, perform } from '../subgraph-under-test.ts';
import { inspectionLotId, lotId, mara, openQuality, orderId, type Quality, quentin, workflow } from './quality.ts';

const otherLot = 'mfg:BER:lot:WATER-05L:L10900';

describe.each(dialects)('what quality can do, with the journal and the QMS on %s', (dialect) => {
  let quality: Quality;

  beforeEach(async () => {
    quality = await openQuality(dialect);
  });
  afterEach(() => quality.dispose());

  const types = async () => (await quality.journal.events.after('0', {}, 100)).map(({ type }) => type);
  const standing = (restriction?: 'SHIP' | 'SCHEDULE') =>
    quality.journal.interlocks.active([lotId as never], restriction);
  const record = (value: string, over = {}) =>
    perform(
      quality.subgraph,
      'recordInspectionResult',
      { inspectionLotId, characteristic: 'FILL-VOLUME', value, ...over },
      {
        principal: quentin,
        select: 'inspectionLot { state { code } failed missing results { value verdict sampleNo } }',
      },
    );
  const place = (input: Record<string, unknown>, principal = quentin) =>
    perform(
      quality.subgraph,
      'placeHold',
      { scope: lotId, ...input },
      { principal, select: 'qualityHold { id holdNo state { code } line { id } order { id } }' },
    );
  const act = (name: string, input: Record<string, unknown>, principal = workflow) =>
    perform(quality.subgraph, name, input, { principal });
  const hold = async (id: string): Promise<Answer> =>
    (await ask(quality.subgraph, `{ qualityHold(id: "${id}") { state { code } dispositions { id state { code } } } }`))
      .data.qualityHold;

  /** A hold whose disposition has been proposed by Quentin. */
  async function proposed(decision = 'USE_AS_IS') {
    const { qualityHold } = await place({});
    const answer = await perform(
      quality.subgraph,
      'proposeDisposition',
      { holdId: qualityHold.id, decision },
      { principal: quentin, select: 'disposition { id }' },
    );
    return { holdId: qualityHold.id as string, dispositionId: answer.disposition.id as string };
  }

  test('a value within its limits is recorded, and restricts nothing', async () => {
    const answer = await record('505');
    expect(answer).toMatchObject({
      outcome: 'ACCEPTED',
      inspectionLot: {
        failed: [],
        missing: ['CAP-TORQUE'],
        results: [{ value: '505', verdict: 'PASSED', sampleNo: '1' }],
      },
    });
    expect(await types()).toEqual(['quality.inspection.resultRecorded']);
    expect(await standing()).toEqual([]);
  });

  test('a value outside its limits restricts the lot with the answer, under the number of the hold to come', async () => {
    const answer = await record('505.000000000000001');
    expect(answer.outcome).toBe('ACCEPTED');
    const [interlock] = await standing('SHIP');
    expect(interlock).toMatchObject({
      cause: 'mfg:BER:hold:QH-IL-10001-FILL-VOLUME-1',
      restrictions: ['CONSUME', 'MOVE', 'PICK', 'SHIP', 'START_OPERATION', 'COMPLETE_OPERATION'],
      reason: expect.stringContaining('505.000000000000001 is outside 495..505 MLT'),
    });
    expect(await standing('SCHEDULE')).toEqual([]);
    const [event] = await quality.journal.events.after('0', {}, 1);
    expect(event).toMatchObject({
      type: 'quality.inspection.failed',
      line: 'L1',
      data: { lot: lotId, orderNo: '10001', operationNo: '0010', limits: '495..505 MLT', sampleNo: '1' },
    });
  });

  test('the hold that follows a failed check takes over its interlock', async () => {
    await record('482');
    const answer = await place({ holdNo: 'QH-IL-10001-FILL-VOLUME-1', inspectionLotId, orderId }, workflow);
    expect(answer.outcome).toBe('ACCEPTED');
    expect(answer.qualityHold).toMatchObject({ order: { id: orderId }, line: { id: 'mfg:BER:line:L1' } });
    expect(await standing()).toHaveLength(1);
  });

  test('a hold restricts its scope and everything affected from its answer on', async () => {
    const packing = 'mfg:BER:operation:10001:0030';
    const answer = await place({ affected: [packing, lotId], restrictions: ['SHIP'] });
    expect(answer).toMatchObject({ outcome: 'ACCEPTED', qualityHold: { state: { code: 'PLACED' } } });
    const placed = await quality.journal.interlocks.active([lotId, packing] as never[]);
    expect(placed.map(({ entityId, cause }) => ({ entityId, cause }))).toEqual([
      { entityId: lotId, cause: answer.qualityHold.id },
      { entityId: packing, cause: answer.qualityHold.id },
    ]);
    const [lot] = await quality.qms.lotQualitiesByKeys([
      { plantCode: 'BER', materialCode: 'WATER-05L', lotNumber: 'L10001' },
    ]);
    expect(lot?.qualityState).toBe('HELD');
  });

  test('a hold stands while the QMS is down, is announced at once, and is completed when the QMS is back', async () => {
    quality.line.down = true;
    const answer = await place({});
    expect(answer.outcome).toBe('PENDING');
    expect(answer.qualityHold).toMatchObject({ holdNo: expect.stringMatching(/^QH-/), state: { code: 'PLACED' } });
    expect(await standing('SHIP')).toHaveLength(1);
    expect(await types()).toEqual(['quality.hold.placed']);
    expect(await quality.executor.settleUnsettled()).toBe(false);

    quality.line.down = false;
    expect(await quality.executor.settleUnsettled()).toBe(true);
    expect((await hold(answer.qualityHold.id)).state.code).toBe('PLACED');
    expect((await quality.qms.holdsByKeys([{ plantCode: 'BER', holdNo: answer.qualityHold.holdNo }]))[0]).toMatchObject(
      {
        state: 'PLACED',
        placedBy: 'quentin',
      },
    );
    expect(await types()).toEqual(['quality.hold.placed']);
    expect(await standing('SHIP')).toHaveLength(1);
  });

  test('a hold does not answer before what passed its guards earlier has ended', async () => {
    const touching = {
      transitionId: 'SHIPMENT',
      scopedKey: 'somebody/shipment',
      transition: 'releaseShipment',
      requestHash: 'hash',
      intent: {},
      touches: [lotId],
      claim: { by: 'another process', until: '2999-01-01T00:00:00.000Z' },
    };
    await quality.journal.write((tx) => tx.begin(touching as never));
    let answered = false;
    const answer = place({}).then((given) => {
      answered = true;
      return given;
    });
    while ((await standing('SHIP')).length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    expect((await quality.qms.holds({}, { first: 10, after: null }, { plantCodes: null, partner: null })).rows).toEqual(
      [],
    );
    await quality.journal.write((tx) => tx.settle('SHIPMENT', { outcome: 'ACCEPTED', answer: {} }));
    expect((await answer).outcome).toBe('ACCEPTED');
  });

  test('a hold is effective once the ERP and the MES have done their part, and says so once', async () => {
    const { qualityHold } = await place({});
    await act('acknowledgeHold', { holdId: qualityHold.id, system: 'ERP' });
    expect((await hold(qualityHold.id)).state.code).toBe('PLACED');
    await act('acknowledgeHold', { holdId: qualityHold.id, system: 'MES', failed: true, message: 'No such job.' });
    expect((await hold(qualityHold.id)).state.code).toBe('PARTIALLY_EFFECTIVE');
    await act('acknowledgeHold', { holdId: qualityHold.id, system: 'MES' });
    await act('acknowledgeHold', { holdId: qualityHold.id, system: 'MES' });
    expect((await hold(qualityHold.id)).state.code).toBe('EFFECTIVE');
    expect(await types()).toEqual([
      'quality.hold.placed',
      'quality.hold.acknowledged',
      'quality.hold.propagationFailed',
      'quality.hold.acknowledged',
      'quality.hold.effective',
      'quality.hold.acknowledged',
    ]);
  });

  test('acknowledgements that come at the same time are both recorded', async () => {
    const { qualityHold } = await place({});
    const answers = await Promise.all(
      ['ERP', 'MES'].map((system) => act('acknowledgeHold', { holdId: qualityHold.id, system })),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(['ACCEPTED', 'ACCEPTED']);
    expect((await hold(qualityHold.id)).state.code).toBe('EFFECTIVE');
  });

  test('who has proposed a disposition cannot approve it; another person can', async () => {
    const { dispositionId } = await proposed();
    const alone = await act('approveDisposition', { dispositionId }, quentin);
    expect(codesOf(alone)).toEqual(['SEGREGATION_OF_DUTIES']);
    expect((await act('approveDisposition', { dispositionId }, mara)).outcome).toBe('ACCEPTED');
  });

  test('nobody approves without saying why, and the disposition shows who stands for what, when and why', async () => {
    const { dispositionId } = await proposed();
    const approve = (reason: { text: string } | null) =>
      perform(
        quality.subgraph,
        'approveDisposition',
        { dispositionId },
        {
          principal: mara,
          meta: { reason },
          select: 'disposition { state { reason } signatures { meaning signerId signerName signedAt reason } }',
        },
      );
    expect(codesOf(await approve(null))).toEqual(['REASON_REQUIRED']);
    expect(codesOf(await approve({ text: '  ' }))).toEqual(['REASON_REQUIRED']);
    const { disposition } = await approve({ text: 'Batch record reviewed.' });
    expect(disposition.state.reason).toBe('Batch record reviewed.');
    const signedAt = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(disposition.signatures).toEqual([
      { meaning: 'AUTHORED', signerId: quentin.id, signerName: quentin.name, signedAt, reason: 'Because.' },
      { meaning: 'APPROVED', signerId: mara.id, signerName: mara.name, signedAt, reason: 'Batch record reviewed.' },
    ]);
  });

  test('a hold is lifted by nothing but a disposition of its own that every system has carried out', async () => {
    const { holdId, dispositionId } = await proposed();
    await act('approveDisposition', { dispositionId }, mara);
    expect(codesOf(await act('releaseHold', { holdId, dispositionId }))).toEqual(['DISPOSITION_NOT_EFFECTIVE']);
    await act('settleDisposition', {
      dispositionId,
      outcome: 'POSTING_FAILED',
      system: 'ERP',
      message: 'Period closed.',
    });
    expect(codesOf(await act('releaseHold', { holdId, dispositionId }))).toEqual(['DISPOSITION_NOT_EFFECTIVE']);
    expect(await standing('SHIP')).toHaveLength(1);
    expect((await act('settleDisposition', { dispositionId, outcome: 'EFFECTIVE' })).outcome).toBe('ACCEPTED');
    expect((await act('releaseHold', { holdId, dispositionId })).outcome).toBe('ACCEPTED');
    expect(await standing()).toEqual([]);
    const { data } = await ask(
      quality.subgraph,
      `{ qualityHold(id: "${holdId}") { lot { qualityState holds(active: true) { id } disposition { decision } } } }`,
    );
    expect(data.qualityHold.lot).toEqual({
      // The disposition has decided about the failed check; the inspection is still to be decided.
      qualityState: 'UNDER_INSPECTION',
      holds: [],
      disposition: { decision: 'USE_AS_IS' },
    });
    expect((await types()).slice(-4)).toEqual([
      'quality.disposition.approved',
      'quality.disposition.postingFailed',
      'quality.disposition.effective',
      'quality.hold.released',
    ]);
  });

  test('another hold on the same lot goes on restricting it, and the disposition names it', async () => {
    const other = await place({});
    const { holdId, dispositionId } = await proposed('SCRAP');
    await act('approveDisposition', { dispositionId }, mara);
    const { data } = await ask(
      quality.subgraph,
      `{ disposition(id: "${dispositionId}") { otherHolds { id } lots { id } } }`,
    );
    expect(data.disposition).toEqual({ otherHolds: [{ id: other.qualityHold.id }], lots: [{ id: lotId }] });
    await act('settleDisposition', { dispositionId, outcome: 'EFFECTIVE' });
    await act('releaseHold', { holdId, dispositionId });
    expect((await standing('SHIP')).map(({ cause }) => cause)).toEqual([other.qualityHold.id]);
  });

  test('a case is decided with its disposition, and closed only after its hold', async () => {
    const { holdId, dispositionId } = await proposed();
    const raised = await perform(
      quality.subgraph,
      'raiseNonconformance',
      { holdId, severity: 'MAJOR', description: 'Underfilled bottles.' },
      { principal: quentin, select: 'nonconformance { id ncNo lot { id } state { code } }' },
    );
    const ncId = raised.nonconformance.id as string;
    expect(raised.nonconformance).toMatchObject({ lot: { id: lotId }, state: { code: 'OPEN' } });
    expect(codesOf(await act('closeNonconformance', { ncId }, quentin))).toEqual(['STATE_NOT_ALLOWED', 'HOLD_ACTIVE']);
    await act('approveDisposition', { dispositionId }, mara);
    expect(codesOf(await act('closeNonconformance', { ncId }, quentin))).toEqual(['HOLD_ACTIVE']);
    await act('settleDisposition', { dispositionId, outcome: 'EFFECTIVE' });
    await act('releaseHold', { holdId, dispositionId });
    expect((await act('closeNonconformance', { ncId }, quentin)).outcome).toBe('ACCEPTED');
    expect(await types()).toEqual(
      expect.arrayContaining([
        'quality.nonconformance.raised',
        'quality.nonconformance.dispositioned',
        'quality.nonconformance.closed',
      ]),
    );
  });

  test('an inspection is not accepted while results are missing or have failed', async () => {
    await record('500');
    const decide = (decision: string) => act('decideInspectionLot', { inspectionLotId, decision }, quentin);
    expect(codesOf(await decide('ACCEPTED'))).toEqual(['INSPECTION_INCOMPLETE']);
    await record('9', { characteristic: 'CAP-TORQUE' });
    expect(codesOf(await decide('ACCEPTED'))).toEqual(['RESULTS_FAILED']);
    await record('1.4', { characteristic: 'CAP-TORQUE' });
    expect((await decide('ACCEPTED')).outcome).toBe('ACCEPTED');
    expect(codesOf(await record('500'))).toEqual(['STATE_NOT_ALLOWED']);
  });

  test('an inspection lot takes lot, line and partner of its order, from the graph where the QMS does not know it', async () => {
    quality.graph.answers = {
      WhereItIs: {
        found: {
          id: 'mfg:BER:production-order:10500',
          partner: 'CM-400',
          line: { id: 'mfg:BER:line:L2' },
          lot: { id: 'mfg:BER:lot:LEMON-05L:L10500' },
          material: { id: 'mfg:BER:material:LEMON-05L' },
        },
      },
    };
    const answer = await perform(
      quality.subgraph,
      'createInspectionLot',
      { planId: 'mfg:BER:inspection-plan:IP-LEMON:1', orderId: 'mfg:BER:production-order:10500' },
      {
        principal: workflow,
        select: 'inspectionLot { inspectionLotNo lot { id } line { id } partner operation { id } }',
      },
    );
    expect(answer.inspectionLot).toEqual({
      inspectionLotNo: 'IL-10500',
      lot: { id: 'mfg:BER:lot:LEMON-05L:L10500' },
      line: { id: 'mfg:BER:line:L2' },
      partner: 'CM-400',
      operation: { id: 'mfg:BER:operation:10500:0010' },
    });
  });

  test('something that certainly does not exist cannot be held', async () => {
    quality.graph.answers = { WhereItIs: { found: null } };
    expect(codesOf(await place({ scope: 'mfg:BER:lot:WATER-05L:TYPO' }))).toEqual(['NOT_FOUND']);
    expect(codesOf(await place({ scope: 'mfg:BER:plant:BER' }))).toEqual(['NOT_FOUND']);
    expect(codesOf(await place({ scope: 'nonsense' }))).toEqual(['NOT_FOUND']);
  });

  test('nothing of another plant is held together with the scope', async () => {
    const answer = await place({ affected: ['mfg:LYO:lot:WATER-05L:L20001'] });
    expect(codesOf(answer)).toEqual(['AFFECTED_INVALID']);
    expect(await standing()).toEqual([]);
  });

  test('of what the QMS forbids and no transition does, nothing is promised', async () => {
    const { qualityHold } = await place({ restrictions: ['SHIP'] });
    const [row] = await quality.qms.holdsByKeys([{ plantCode: 'BER', holdNo: qualityHold.holdNo }]);
    const command = {
      ...row!,
      name: 'placeHold',
      transitionId: 'T-OLD',
      holdNo: 'QH-OLD',
      expectedVersion: null,
    } as const;
    const old = { ...command, actorId: 'q', occurredAt: row!.placedAt, restrictions: ['RECEIVE', 'SHIP'] };
    expect(await quality.qms.post(old, new AbortController().signal)).toMatchObject({ status: 'POSTED' });
    const { data, errors } = await ask(quality.subgraph, '{ qualityHold(id: "mfg:BER:hold:QH-OLD") { restrictions } }');
    expect({ data, errors }).toEqual({ data: { qualityHold: { restrictions: ['SHIP'] } }, errors: [] });
  });

  test('while nobody can tell where an asset stands, a hold on it has to name its work centers', async () => {
    quality.graph.answers = {};
    const asset = 'mfg:BER:asset:BER-FILLER-L1';
    const workCenter = 'mfg:BER:work-center:FILL-L1';
    const refused = await place({ scope: asset });
    expect(refused.rejections).toContainEqual(
      expect.objectContaining({
        code: 'SYSTEM_UNAVAILABLE',
        remediation: 'Name its work centers in affected, or repeat when the CMMS answers.',
      }),
    );
    expect(await place({ scope: asset, affected: [workCenter] })).toMatchObject({ outcome: 'ACCEPTED' });
    const stands = await quality.journal.interlocks.active([workCenter as never], 'START_OPERATION');
    expect(stands).toHaveLength(1);
  });

  test('a hold number stands for one hold: for other things it is taken, and of a released one it is refused', async () => {
    const { holdId, dispositionId } = await proposed();
    const holdNo = holdId.split(':').at(-1) as string;
    expect(await place({ holdNo })).toMatchObject({ outcome: 'ACCEPTED', qualityHold: { id: holdId } });
    for (const other of [{ scope: otherLot }, { affected: [orderId] }, { restrictions: ['SHIP'] }])
      expect(codesOf(await place({ holdNo, ...other }))).toEqual(['HOLD_NUMBER_TAKEN']);
    expect((await types()).filter((type) => type === 'quality.hold.placed')).toHaveLength(1);
    expect(await quality.journal.interlocks.active([otherLot, orderId] as never[])).toEqual([]);
    await act('approveDisposition', { dispositionId }, mara);
    await act('settleDisposition', { dispositionId, outcome: 'EFFECTIVE' });
    await act('releaseHold', { holdId, dispositionId });
    expect(codesOf(await place({ holdNo }))).toEqual(['STATE_NOT_ALLOWED']);
    expect(await standing()).toEqual([]);
  });

  test('of two holds under one number at once, what the accepted one stands on goes on being held', async () => {
    const { post } = quality.qms;
    let arrived: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
    const slow: typeof post = async (command, signal) => {
      quality.qms.post = post;
      arrived();
      await mayGoOn;
      return post(command, signal);
    };
    quality.qms.post = slow;
    const first = place({ holdNo: 'QH-TWICE', restrictions: ['SHIP'] });
    await hasArrived;
    const second = await place({ holdNo: 'QH-TWICE', restrictions: ['SHIP', 'CONSUME'] }, mara);
    expect(second).toMatchObject({ outcome: 'ACCEPTED' });
    goOn();
    expect(codesOf(await first)).toEqual(['HOLD_NUMBER_TAKEN']);
    expect(await standing()).toMatchObject([{ restrictions: ['SHIP', 'CONSUME'], placedBy: mara.id }]);
  });

  test('a hold number is taken also while the QMS is down, and while its hold is on the way there', async () => {
    await place({ holdNo: 'QH-STANDS' });
    quality.line.down = true;
    await place({ holdNo: 'QH-ON-ITS-WAY' });
    for (const holdNo of ['QH-STANDS', 'QH-ON-ITS-WAY'])
      expect(codesOf(await place({ holdNo, scope: otherLot }))).toEqual(['HOLD_NUMBER_TAKEN']);
    quality.line.down = false;
    expect(codesOf(await place({ holdNo: 'QH-ON-ITS-WAY', scope: otherLot }))).toEqual(['HOLD_NUMBER_TAKEN']);
    expect(await quality.journal.interlocks.active([otherLot as never])).toEqual([]);
    expect(await quality.executor.settleUnsettled()).toBe(true);
    expect(await standing('SHIP')).toHaveLength(2);
  });

  test('the number that a failed check will need can be taken by nobody before it, under whatever name', async () => {
    for (const holdNo of ['QH-IL-10001-FILL-VOLUME-1', 'QH-IL-99999-X-1', 'qh-il-1-2-3'])
      expect(codesOf(await place({ holdNo, scope: otherLot }))).toEqual(['HOLD_NUMBER_RESERVED']);
    await record('482');
    expect(codesOf(await place({ holdNo: 'QH-IL-10001-FILL-VOLUME-1' }))).toEqual(['HOLD_NUMBER_RESERVED']);
    for (const holdNo of ['QH-STOP', 'QH-2026-11-21', 'QH-IL', 'MY-IL-1-2'])
      expect((await place({ holdNo, scope: otherLot })).outcome).toBe('ACCEPTED');
  });

  test('a QMS that hangs does not keep a hold from being placed', async () => {
    quality.line.hangs = true;
    const answer = place({ holdNo: 'QH-HANGS' });
    while ((await standing('SHIP')).length === 0) await new Promise((resolve) => setImmediate(resolve));
    quality.line.hangs = false;
    quality.line.down = true;
    quality.line.answer();
    expect((await answer).outcome).toBe('PENDING');
    expect(await standing('SHIP')).toHaveLength(1);
  });

  test('an effective hold that a system acknowledges once more still reads effective while the QMS is down', async () => {
    const { qualityHold } = await place({});
    for (const system of ['ERP', 'MES', 'MES']) await act('acknowledgeHold', { holdId: qualityHold.id, system });
    expect((await types()).at(-1)).toBe('quality.hold.acknowledged');
    quality.line.down = true;
    const { data } = await ask(quality.subgraph, `{ qualityHold(id: "${qualityHold.id}") { state { code } } }`);
    expect(data.qualityHold.state.code).toBe('EFFECTIVE');
  });
});
