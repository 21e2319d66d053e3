import type { Principal } from '../../auth/principal.ts';
import type { Posting, SystemCommand } from '../../connectors/posting.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import type { NewEvent } from '../../journal/envelope.ts';
import type { NewInterlock } from '../../journal/interlock.ts';
import type { Restriction } from '../../journal/restriction.ts';
import type { GraphReader } from '../graph-reader.ts';
import type { InputChecks } from './input-checks.ts';
import type { Rejection } from './rejection.ts';
import type { StateMachine } from './state-machine.ts';

/** What the executor needs to know of whatever a transition is about. */
export interface Subject {
  readonly id: EntityId;
  readonly plantCode: string;
  readonly line: string | null;
  /** The partner number that the row belongs to; null: the plant's own people only. */
  readonly partner: string | null;
  /** Null where there is no version yet, or the system keeps none; then whoever gives `expectedVersion` is refused. */
  readonly version: string | null;
  /** Null before the thing exists. */
  readonly state: string | null;
}

/** `TransitionMeta` of the graph, with its defaults filled in. */
export interface Meta {
  readonly idempotencyKey: string;
  readonly expectedVersion: string | null;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly reason: { readonly code: string | null; readonly text: string } | null;
  readonly occurredAt: string;
}

/** Who is recorded as having done it, and whose reasons may be told. */
export type Actor = Pick<Principal, 'id' | 'name' | 'kind' | 'partner'>;

/** One asked-for transition. Plain data: it is kept with the intent, and is all that completing it later needs. */
export interface Call<Entity, Input> {
  readonly transitionId: string;
  readonly entity: Entity;
  readonly input: Input;
  readonly meta: Meta;
  readonly actor: Actor;
}

/** Something that the transition uses, and what it does with it: an interlock with that restriction refuses it. */
export interface Touch {
  readonly entities: readonly EntityId[];
  readonly restriction: Restriction;
}

export interface GuardContext {
  readonly principal: Principal;
  readonly graph: GraphReader;
  readonly signal: AbortSignal;
}

/** A rule of the owner that the state machine and the interlocks do not say. */
export interface Guard<Entity, Input> {
  readonly name: string;
  /** @param input null when only asked whether the transition is available: then rules about the input are silent */
  check(
    entity: Entity,
    input: Input | null,
    context: GuardContext,
  ): Promise<readonly Rejection[]> | readonly Rejection[];
}

/** What follows from a posting, recorded together with it. Pure: it may be worked out again after a crash. */
export interface Effects {
  readonly events: readonly NewEvent[];
  readonly toState: string | null;
  /** What the answer is about, when that is not the subject: the order that was created. */
  readonly result?: EntityId;
  readonly place?: readonly NewInterlock[];
  /** What was placed first and another transition may have placed under the same cause: from now on it is this one's. */
  readonly confirm?: readonly NewInterlock[];
  /** Causes whose interlocks end with this transition. */
  readonly lift?: readonly EntityId[];
}

/**
 * One named way to change state. The same definition answers `availableTransitions`, `canTransition` and the mutation.
 * Methods get plain data and return plain data; only `load` and guards may ask somebody.
 */
export interface Transition<Entity, Input, Command extends SystemCommand = SystemCommand> {
  /** The mutation's name; also the name that policies know. */
  readonly name: string;
  readonly machine: StateMachine<string, string> | null;
  /** The action of `machine`. */
  readonly action: string;
  readonly reasonRequired?: boolean;
  /** What may stand in each field of the input. Nothing is loaded or recorded before it is. */
  readonly checks: InputChecks<Input>;
  /**
   * @param principal who asks, for facts that only the rest of the graph knows; visibility is checked afterwards
   * @returns null for what does not exist: the caller is told NOT_FOUND, as for what it may not see
   */
  load(input: Input, signal: AbortSignal, principal: Principal): Promise<Entity | null>;
  subject(entity: Entity): Subject;
  touches(entity: Entity, input: Input | null): readonly Touch[];
  readonly guards: readonly Guard<Entity, Input>[];
  /** What the system is to do. Whose transition it is, and when, is the same for all: `commandOf` adds it. */
  command(call: Call<Entity, Input>): CommandContent<Command>;
  /** Interlocks that stand before the system is told, and go on standing while its answer is unknown. */
  placeFirst?(call: Call<Entity, Input>): readonly NewInterlock[];
  /** Events that are announced as soon as the system is known not to answer, because they restrict. */
  announceWhilePending?(call: Call<Entity, Input>): readonly NewEvent[];
  /** Events that take back what `announceWhilePending` said, when the system refuses after all. */
  announceWithdrawal?(call: Call<Entity, Input>): readonly NewEvent[];
  effects(call: Call<Entity, Input>, posting: Extract<Posting, { readonly status: 'POSTED' }>): Effects;
}

/** Any transition, its types forgotten: what lists and the executor hold. */
export type AnyTransition = Transition<unknown, unknown>;

/** What a transition says itself of its command. */
export type CommandContent<Command extends SystemCommand> = Command extends unknown
  ? Omit<Command, 'transitionId' | 'actorId' | 'occurredAt'>
  : never;

export function commandOf(transition: AnyTransition, call: Call<unknown, unknown>): SystemCommand {
  const { transitionId, actor, meta } = call;
  return { ...transition.command(call), transitionId, actorId: actor.id, occurredAt: meta.occurredAt };
}

export type TransitionOutcome = 'ACCEPTED' | 'PENDING' | 'REJECTED' | 'DUPLICATE';

/** The shape of `TransitionResult` in the graph, and what a repeated idempotency key is answered from. */
export interface TransitionAnswer {
  readonly outcome: TransitionOutcome;
  readonly originalOutcome: Exclude<TransitionOutcome, 'DUPLICATE'>;
  readonly transitionId: string;
  readonly rejections: readonly Rejection[];
  readonly document: string | null;
  /** The entity that the result's own field resolves to; null when there is none to show. */
  readonly subjectId: EntityId | null;
}
