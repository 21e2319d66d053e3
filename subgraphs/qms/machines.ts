import type {
  DispositionState,
  HoldState,
  InspectionLotState,
  NonconformanceState,
} from '../../connectors/qms/port.ts';
import type { StateMachine } from '../transitions/state-machine.ts';

/**
 * CREATED: nothing measured yet. The first result makes it IN_PROGRESS, where results go on being recorded. `decide`
 * makes it DECIDED, which is final: no result is recorded after it. What was decided stands beside the state.
 */
export const inspectionLotMachine: StateMachine<InspectionLotState, 'create' | 'record' | 'decide'> = {
  states: ['CREATED', 'IN_PROGRESS', 'DECIDED'],
  actions: {
    create: { from: [null], to: 'CREATED' },
    record: { from: ['CREATED', 'IN_PROGRESS'], to: 'IN_PROGRESS' },
    decide: { from: ['IN_PROGRESS'], to: 'DECIDED' },
  },
};

/**
 * PLACED from the first answer on: Andon refuses what it restricts, though no other system may know of it. Each system's
 * acknowledgement leads on: EFFECTIVE once the ERP and the MES have both done their part, PARTIALLY_EFFECTIVE as soon as
 * one says that it could not, and back to EFFECTIVE when that one succeeds after all. `release` needs a disposition that
 * every system has carried out, from any of these: who has carried out the disposition has answered for the hold too.
 * RELEASED is final. A late acknowledgement is recorded in it and changes nothing; placing the same number again is
 * refused. Placing the number of a hold that stands extends it and changes no state.
 */
export const holdMachine: StateMachine<HoldState, 'place' | 'acknowledge' | 'release'> = {
  states: ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE', 'RELEASED'],
  actions: {
    place: {
      from: [null, 'PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE'],
      to: ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE'],
    },
    acknowledge: {
      from: ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE', 'RELEASED'],
      to: ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE', 'RELEASED'],
    },
    release: { from: ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE'], to: 'RELEASED' },
  },
};

/**
 * PROPOSED by one person, it waits for another: `approve` makes it APPROVED, `reject` REJECTED (final; another one may be
 * proposed). APPROVED it is carried out in the other systems. `settle` says how that ended: EFFECTIVE (final; only now
 * the hold may be released) or POSTING_FAILED, from which it is tried and settled again.
 */
export const dispositionMachine: StateMachine<DispositionState, 'propose' | 'approve' | 'reject' | 'settle'> = {
  states: ['PROPOSED', 'APPROVED', 'EFFECTIVE', 'POSTING_FAILED', 'REJECTED'],
  actions: {
    propose: { from: [null], to: 'PROPOSED' },
    approve: { from: ['PROPOSED'], to: 'APPROVED' },
    reject: { from: ['PROPOSED'], to: 'REJECTED' },
    settle: { from: ['APPROVED', 'POSTING_FAILED'], to: ['EFFECTIVE', 'POSTING_FAILED'] },
  },
};

/**
 * OPEN when it is raised. It becomes DISPOSITIONED when a disposition of its hold, or of its lot, is approved; nobody does
 * that by itself. `close` makes it CLOSED, which is final, once its hold is released.
 */
export const nonconformanceMachine: StateMachine<NonconformanceState, 'raise' | 'disposition' | 'close'> = {
  states: ['OPEN', 'DISPOSITIONED', 'CLOSED'],
  actions: {
    raise: { from: [null], to: 'OPEN' },
    disposition: { from: ['OPEN'], to: 'DISPOSITIONED' },
    close: { from: ['DISPOSITIONED'], to: 'CLOSED' },
  },
};
