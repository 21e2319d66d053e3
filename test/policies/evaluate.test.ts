import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Principal, type Role, roles } from '../../auth/principal.ts';
import { createPolicies, type Operation, type Policies } from '../../policies/evaluate.ts';
import { somebody } from '../support/somebody.ts';

let policies: Policies;
beforeAll(async () => {
  policies = await createPolicies();
});

const engineer = [
  'createInspectionLot',
  'recordInspectionResult',
  'decideInspectionLot',
  'placeHold',
  'raiseNonconformance',
  'proposeDisposition',
  'closeNonconformance',
];

/** What each job may change, written down a second time and by hand, as an auditor would. */
const allowed: Readonly<Record<Role, readonly string[]>> = {
  OPERATOR: [
    'startOperation',
    'pauseOperation',
    'resumeOperation',
    'completeOperation',
    'abortOperation',
    'recordConsumption',
    'recordInspectionResult',
    'placeHold',
    'reportDowntime',
    'requestMaintenance',
    'moveStock',
    'pickDelivery',
  ],
  QUALITY_ENGINEER: engineer,
  QUALITY_MANAGER: [...engineer, 'approveDisposition', 'rejectDisposition'],
  PLANNER: [
    'createProductionOrder',
    'releaseProductionOrder',
    'holdProductionOrder',
    'resumeProductionOrder',
    'completeProductionOrder',
    'cancelProductionOrder',
    'pickDelivery',
    'releaseShipment',
  ],
  MAINTENANCE_TECHNICIAN: [
    'requestMaintenance',
    'approveMaintenance',
    'scheduleMaintenance',
    'startMaintenance',
    'completeMaintenance',
    'verifyMaintenance',
    'cancelMaintenance',
    'setAssetAvailability',
    'reportDowntime',
    'endDowntime',
  ],
  INTEGRATION_OPERATOR: ['retryException', 'resolveException'],
  PARTNER: [],
  AUDITOR: [],
  WORKFLOW: [
    'changeStockStatus',
    'setDeliveryBlock',
    'removeDeliveryBlock',
    'startProductionOrder',
    'confirmOperation',
    'setWorkCenterCapacity',
    'dispatchOperation',
    'holdOperation',
    'unholdOperation',
    'acknowledgeHold',
    'releaseHold',
    'settleDisposition',
    'createInspectionLot',
    'placeHold',
    'raiseNonconformance',
    'requestMaintenance',
    'setAssetAvailability',
    'endDowntime',
    'holdProductionOrder',
    'resumeProductionOrder',
  ],
};

const operates: Readonly<Record<Role, readonly Operation[]>> = {
  OPERATOR: ['readInterlocks'],
  QUALITY_ENGINEER: ['readInterlocks'],
  QUALITY_MANAGER: ['readInterlocks', 'readAudit'],
  PLANNER: ['readInterlocks'],
  MAINTENANCE_TECHNICIAN: ['readInterlocks'],
  INTEGRATION_OPERATOR: ['readEvents', 'readAudit', 'readInterlocks'],
  PARTNER: [],
  AUDITOR: ['readEvents', 'readAudit', 'readInterlocks'],
  WORKFLOW: ['readInterlocks'],
};

function principalOf(role: Role, changes: Partial<Principal> = {}): Principal {
  const partner = role === 'PARTNER' ? 'CM-400' : null;
  return somebody({ roles: [role], plants: ['BER'], partner, ...changes });
}

describe('a job', () => {
  it.each(roles)('%s may do what is listed for it, and nothing else', (role) => {
    const principal = principalOf(role);
    const row = { plantCode: 'BER', partner: principal.partner };
    const granted = [...policies.transitions].filter(
      (transition) => policies.mayTransition(principal, { transition, ...row }).allowed,
    );
    expect(granted.sort()).toEqual([...allowed[role]].sort());
  });

  it.each(roles)('%s sees of the journal what is listed for it', (role) => {
    const all: readonly Operation[] = ['readEvents', 'readAudit', 'readInterlocks'];
    const granted = all.filter((operation) => policies.mayOperate(principalOf(role), operation).allowed);
    expect(granted.sort()).toEqual([...operates[role]].sort());
  });

  it('names the policies that decided', () => {
    const operator = principalOf('OPERATOR');
    const asked = { transition: 'startOperation', plantCode: 'BER', partner: null };
    expect(policies.mayTransition(operator, asked)).toEqual({ allowed: true, policyIds: ['operator-changes'] });
    const elsewhere = policies.mayTransition(operator, { ...asked, plantCode: 'LYO' });
    expect(elsewhere).toEqual({ allowed: false, policyIds: ['own-plants-only'] });
    const notTheirs = policies.mayTransition(operator, { ...asked, transition: 'approveDisposition' });
    expect(notTheirs).toEqual({ allowed: false, policyIds: [] });
  });

  it('shows nothing without a role, and nothing for the role of a partner without a partner', () => {
    const row = { plantCode: 'BER', partner: null };
    expect(policies.mayRead(principalOf('OPERATOR', { roles: [] }), row).allowed).toBe(false);
    expect(policies.mayRead(principalOf('PARTNER', { partner: null }), row).allowed).toBe(false);
  });
});

describe('authority, whoever asks for whatever', () => {
  // Few values, so that rows and principals often meet, with those that could be mistaken for another among them.
  const plant = fc.constantFrom('BER', 'LYO', 'B', '*', '');
  const partner = fc.constantFrom(null, 'CM-400', 'CM-4000', '', 'BER');
  const principal: fc.Arbitrary<Principal> = fc.record({
    id: fc.constant('p'),
    name: fc.constant('P'),
    kind: fc.constantFrom('PERSON', 'SERVICE', 'WORKFLOW'),
    roles: fc.subarray([...roles]),
    plants: fc.uniqueArray(plant, { maxLength: 3 }),
    scopes: fc.subarray(['a', 'b']),
    partner,
    expiresAt: fc.constant(0),
  });
  const row = fc.record({ plantCode: plant, partner });
  const transition = fc.oneof(
    fc.constantFrom(...Object.values(allowed).flat()),
    fc.constantFrom('read', 'transition', 'readAudit', 'toString', '__proto__', ''),
    fc.string(),
  );
  const enters = ({ plants }: Principal, code: string) => plants.includes('*') || plants.includes(code);

  it('nobody sees or changes anything outside their plants, and no partner anything of another or of none', () => {
    fc.assert(
      fc.property(principal, row, transition, (who, what, name) => {
        const changes = policies.mayTransition(who, { ...what, transition: name }).allowed;
        const reads = policies.mayRead(who, what).allowed;
        if (!enters(who, what.plantCode)) expect([reads, changes]).toEqual([false, false]);
        if (who.partner !== null && who.partner !== what.partner) expect([reads, changes]).toEqual([false, false]);
        if (who.partner !== null) expect(changes).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it('decides as the lists above say, neither more nor less', () => {
    fc.assert(
      fc.property(principal, row, transition, (who, what, name) => {
        const isKnown = !who.roles.includes('PARTNER') || who.partner !== null;
        const sees = isKnown && enters(who, what.plantCode) && (who.partner === null || who.partner === what.partner);
        expect(policies.mayRead(who, what).allowed).toBe(sees && who.roles.length > 0);
        const mayChange = sees && who.partner === null && who.roles.some((role) => allowed[role].includes(name));
        expect(policies.mayTransition(who, { ...what, transition: name }).allowed).toBe(mayChange);
      }),
      { numRuns: 3_000 },
    );
  });

  it('a partner sees nothing of the journal', () => {
    fc.assert(
      fc.property(principal, fc.constantFrom<Operation>('readEvents', 'readAudit', 'readInterlocks'), (who, what) => {
        const isPartner = who.partner !== null || who.roles.includes('PARTNER');
        const may = !isPartner && who.roles.some((role) => operates[role].includes(what));
        expect(policies.mayOperate(who, what).allowed).toBe(may);
      }),
    );
  });

  it('refuses a transition that no policy knows to everybody', () => {
    const everything = principalOf('OPERATOR', { roles, plants: ['*'] });
    for (const name of ['fireEverybody', 'read', 'operate', 'transition', 'readAudit', 'constructor', '']) {
      const decision = policies.mayTransition(everything, { transition: name, plantCode: 'BER', partner: null });
      expect(decision).toEqual({ allowed: false, policyIds: [] });
    }
  });
});
