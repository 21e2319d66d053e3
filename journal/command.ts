import type { EntityId } from './entity-ref.ts';

export type Outcome = 'ACCEPTED' | 'REJECTED';

/**
 * One asked-for transition, under its idempotency key.
 *
 * States: INTENT (recorded, the system may or may not have been told; the caller has no answer or was told PENDING),
 * SETTLED (the outcome and the answer are recorded, and every repetition gets that answer). INTENT becomes SETTLED
 * once, when the system's answer is known: at once, by a read-back, or at the next start-up. Nothing leaves SETTLED.
 */
export interface Command {
  /** Also what the system of record keeps beside its own record, so that it can be read back. */
  readonly transitionId: string;
  /** `<principal>/<idempotency key>`: one person's key never answers another's request. */
  readonly scopedKey: string;
  readonly transition: string;
  /** SHA-256 of the transition's name and its input, without the idempotency key. */
  readonly requestHash: string;
  readonly state: 'INTENT' | 'SETTLED';
  readonly outcome: Outcome | null;
  /** What the caller was answered, as the transition executor stores it. */
  readonly answer: unknown;
  /** What is needed to complete the transition without the caller: the input, the principal, what was loaded. */
  readonly intent: unknown;
  readonly touches: readonly EntityId[];
  /** Times that the system was asked without a known answer, and what was wrong last. */
  readonly deferrals: number;
  readonly deferredReason: string | null;
  readonly deferredAt: string | null;
  /** Until when somebody is completing it; null or past: nobody is. */
  readonly claimedUntil: string | null;
  readonly begunAt: string;
  readonly settledAt: string | null;
}

/**
 * Who is completing a command, and until when nobody else may. Two that complete the same command could come to different
 * ends: one sends it while the other, seeing that it was not sent and that a hold has come in between, refuses it.
 */
export interface Claim {
  readonly by: string;
  /** ISO 8601. Longer than any sender takes, so that only a dead one's claim ever runs out. */
  readonly until: string;
}

export type NewCommand = Pick<
  Command,
  'transitionId' | 'scopedKey' | 'transition' | 'requestHash' | 'intent' | 'touches'
> & {
  /** Not given: anybody may complete it. */
  readonly claim?: Claim;
};

export interface SettledCommand {
  readonly outcome: Outcome;
  readonly answer: unknown;
}
