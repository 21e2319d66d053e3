import type { Transaction } from 'kysely';
import { isoTime } from '../runtime/clock.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { AuditChain } from './audit-chain.ts';
import { beginCommand, claimCommand, deferCommand, findCommand, releaseCommand, settleCommand } from './commands.ts';
import { appendEvent } from './events.ts';
import { activeInterlocks, confirmPlacing, liftInterlocks, placeInterlock, withdrawInterlocks } from './interlocks.ts';
import type { JournalTransaction } from './journal.ts';
import type { SharedClock } from './shared-clock.ts';
import type { JournalTables } from './tables.ts';

export interface OpenJournalTransaction extends JournalTransaction {
  /** Waits for what was written without waiting. */
  end(): Promise<void>;
}

/** @param onAppended told the position of each event that this transaction has added */
export function createJournalTransaction(
  sql: Transaction<JournalTables>,
  {
    clock,
    crashPoints,
    sharedClock,
  }: Pick<Runtime, 'clock' | 'crashPoints'> & { readonly sharedClock: Pick<SharedClock, 'now'> },
  onAppended: (position: number) => void,
): OpenJournalTransaction {
  const now = () => isoTime(clock.now());
  const sharedNow = () => isoTime(sharedClock.now());
  const chain = new AuditChain(sql);
  return {
    sql,
    async begin(command) {
      const result = await beginCommand(sql, command, sharedNow());
      crashPoints.reached('K3');
      return result;
    },
    claim: (transitionId, claim) => claimCommand(sql, transitionId, { ...claim, now: sharedNow() }),
    release: (transitionId) => releaseCommand(sql, transitionId),
    command: (transitionId) => findCommand(sql, transitionId),
    async settle(transitionId, outcome) {
      await settleCommand(sql, transitionId, { ...outcome, settledAt: now() });
      crashPoints.reached('K7');
    },
    defer: (transitionId, reason) => deferCommand(sql, transitionId, { reason, deferredAt: sharedNow() }),
    async append(event) {
      const appending = appendEvent(sql, event, now());
      chain.prefetch(); // what is announced is also audited
      const recorded = await appending;
      if (recorded.appended) onAppended(Number(recorded.event.position));
      crashPoints.reached('K5');
      return recorded.event;
    },
    active: (entities, restriction) => activeInterlocks(sql, entities, restriction),
    place: (interlock) => placeInterlock(sql, interlock, now()),
    confirm: (interlock) => confirmPlacing(sql, interlock),
    lift: (cause, transitionId) => liftInterlocks(sql, { cause, transitionId, liftedAt: now() }),
    withdraw: (transitionId) => withdrawInterlocks(sql, { transitionId, liftedAt: now() }),
    async audit(entry) {
      const recorded = await chain.append(entry, now());
      crashPoints.reached('K6');
      return recorded;
    },
    end: () => chain.end(),
  };
}
