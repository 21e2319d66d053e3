import type { Posting } from '../../connectors/posting.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import type { Journal, JournalTransaction } from '../../journal/journal.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { OwningSystem, Rejection } from './rejection.ts';
import { tellRejection } from './tell-rejection.ts';
import type { AnyTransition, Call, TransitionAnswer } from './transition.ts';

/** A transition that is asked for, whatever its entity and input are. */
export type AnyCall = Call<unknown, unknown>;

export interface OutcomeRecorderOptions {
  readonly system: OwningSystem;
  readonly journal: Journal;
  readonly runtime: Runtime;
}

/**
 * What became of a transition, written down: the command's answer, the events, the interlocks and the audit entry, all in
 * one journal transaction. A command that somebody else has settled meanwhile keeps its answer.
 */
export class OutcomeRecorder {
  readonly #system: OwningSystem;
  readonly #journal: Journal;
  readonly #runtime: Runtime;

  constructor({ system, journal, runtime }: OutcomeRecorderOptions) {
    this.#system = system;
    this.#journal = journal;
    this.#runtime = runtime;
  }

  /** The system of record has answered. */
  async settle(transition: AnyTransition, call: AnyCall, posting: Posting): Promise<TransitionAnswer> {
    const answer = await this.#unlessSettled(call, (tx) =>
      posting.status === 'REFUSED'
        ? this.#refuseBySystem(tx, transition, call, posting)
        : this.#accept(tx, transition, call, posting),
    );
    this.#runtime.crashPoints.reached('K9');
    return answer;
  }

  /** The guards have refused it before anything was sent. */
  async refuse(
    tx: JournalTransaction,
    transition: AnyTransition,
    call: AnyCall,
    rejections: readonly Rejection[],
  ): Promise<TransitionAnswer> {
    const subjectId = transition.subject(call.entity).id;
    const answer = answerOf('REJECTED', call, { rejections, subjectId });
    await this.#audit(tx, transition, call, { outcome: 'REJECTED', toState: null, details: { rejections } });
    await tx.settle(call.transitionId, { outcome: 'REJECTED', answer });
    return answer;
  }

  /** It was never carried out, and what has come in between forbids to send it again. */
  refuseLate(transition: AnyTransition, call: AnyCall, interlocks: readonly Rejection[]): Promise<TransitionAnswer> {
    return this.#unlessSettled(call, (tx) => this.refuse(tx, transition, call, interlocks));
  }

  /** The system was not reached or has not answered: the command stays an intent, and its caller is told PENDING. */
  async defer(transition: AnyTransition, call: AnyCall, problem: string): Promise<TransitionAnswer> {
    const { transitionId } = call;
    this.#runtime.log.warn('transition deferred', { transitionId, transition: transition.name, problem });
    await this.#journal.write(async (tx) => {
      const command = await tx.command(transitionId);
      if (command?.state === 'SETTLED') return;
      if (command?.deferrals === 0) await this.#announcePending(tx, transition, call, problem);
      await tx.defer(transitionId, problem);
    });
    return pendingAnswer(transition, call);
  }

  #unlessSettled(
    { transitionId }: AnyCall,
    record: (tx: JournalTransaction) => Promise<TransitionAnswer>,
  ): Promise<TransitionAnswer> {
    return this.#journal.write(async (tx) => {
      const command = await tx.command(transitionId);
      return command?.state === 'SETTLED' ? (command.answer as TransitionAnswer) : record(tx);
    });
  }

  async #refuseBySystem(
    tx: JournalTransaction,
    transition: AnyTransition,
    call: AnyCall,
    { code, message, remediation }: Extract<Posting, { status: 'REFUSED' }>,
  ): Promise<TransitionAnswer> {
    if (transition.placeFirst) await tx.withdraw(call.transitionId);
    if (((await tx.command(call.transitionId))?.deferrals ?? 0) > 0) {
      for (const event of transition.announceWithdrawal?.(call) ?? []) await tx.append(event);
    }
    const rejection = {
      code,
      system: this.#system,
      guard: 'system-of-record',
      message,
      remediation,
      blockingRef: null,
    };
    return this.refuse(tx, transition, call, [tellRejection(rejection, call.actor)]);
  }

  async #accept(
    tx: JournalTransaction,
    transition: AnyTransition,
    call: AnyCall,
    posting: Extract<Posting, { status: 'POSTED' }>,
  ): Promise<TransitionAnswer> {
    const effects = transition.effects(call, posting);
    for (const interlock of effects.confirm ?? []) await tx.confirm(interlock);
    for (const interlock of effects.place ?? []) await tx.place(interlock);
    for (const cause of effects.lift ?? []) await tx.lift(cause, call.transitionId);
    for (const event of effects.events) await tx.append(event);
    await this.#audit(tx, transition, call, { outcome: 'ACCEPTED', toState: effects.toState, details: { posting } });
    const subjectId = effects.result ?? transition.subject(call.entity).id;
    const answer = answerOf('ACCEPTED', call, { document: posting.document, subjectId });
    await tx.settle(call.transitionId, { outcome: 'ACCEPTED', answer });
    return answer;
  }

  async #announcePending(
    tx: JournalTransaction,
    transition: AnyTransition,
    call: AnyCall,
    problem: string,
  ): Promise<void> {
    for (const event of transition.announceWhilePending?.(call) ?? []) await tx.append(event);
    await this.#audit(tx, transition, call, { outcome: 'PENDING', toState: null, details: { problem } });
  }

  async #audit(tx: JournalTransaction, transition: AnyTransition, call: AnyCall, result: AuditedResult): Promise<void> {
    const { entity, meta, actor, transitionId, input } = call;
    const subject = transition.subject(entity);
    await tx.audit({
      occurredAt: meta.occurredAt,
      transitionId,
      transition: transition.name,
      outcome: result.outcome,
      entityId: subject.id,
      plantCode: subject.plantCode,
      actorId: actor.id,
      actorName: actor.name,
      actorKind: actor.kind,
      reasonCode: meta.reason?.code ?? null,
      reasonText: meta.reason?.text ?? null,
      correlationId: meta.correlationId,
      causationId: meta.causationId,
      fromState: subject.state,
      toState: result.toState,
      details: { system: this.#system, input, ...result.details },
    });
  }
}

interface AuditedResult {
  readonly outcome: 'ACCEPTED' | 'REJECTED' | 'PENDING';
  readonly toState: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a caller is told while the system of record has not answered. */
export function pendingAnswer(transition: AnyTransition, call: AnyCall): TransitionAnswer {
  return answerOf('PENDING', call, { subjectId: transition.subject(call.entity).id });
}

/** A first answer: what a repetition is told is derived from it. */
export function answerOf(
  outcome: TransitionAnswer['originalOutcome'],
  { transitionId }: { readonly transitionId: string },
  details: {
    readonly rejections?: readonly Rejection[];
    readonly document?: string | null;
    readonly subjectId: EntityId | null;
  },
): TransitionAnswer {
  const { rejections = [], document = null, subjectId } = details;
  return { outcome, originalOutcome: outcome, transitionId, rejections, document, subjectId };
}
