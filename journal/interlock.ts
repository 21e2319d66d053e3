import type { EntityId } from './entity-ref.ts';
import type { Restriction } from './restriction.ts';

/** What placed an interlock. */
export type InterlockKind = 'QUALITY_HOLD' | 'ORDER_HOLD' | 'BREAKDOWN' | 'SYSTEM_UNREAD';

/**
 * An active restriction on one entity. Placed before the system that asked for it is told, lifted after every system
 * has let go, so that Andon fails closed.
 *
 * States: PLACED (restricts) and LIFTED (history). Nothing else changes an interlock, and only the transition that
 * releases its cause lifts it.
 */
export interface Interlock {
  /** `<cause>/<entity>`: placing the same cause on the same entity again changes nothing. */
  readonly id: string;
  readonly kind: InterlockKind;
  /** What the restriction stands on. */
  readonly entityId: EntityId;
  readonly plantCode: string;
  /** The partner number that its cause belongs to: nobody else's partner reads why it stands. Null: the plant's own. */
  readonly partner: string | null;
  /** The entity that explains it, a hold, a held order or a downtime: the `blockingRef` of every refusal. */
  readonly cause: EntityId;
  readonly restrictions: readonly Restriction[];
  /** A sentence for the person who is refused. */
  readonly reason: string;
  readonly placedAt: string;
  readonly placedBy: string;
  readonly placedByTransition: string;
  readonly liftedAt: string | null;
  readonly liftedByTransition: string | null;
}

export type NewInterlock = Omit<Interlock, 'id' | 'placedAt' | 'liftedAt' | 'liftedByTransition'>;

export interface InterlockFilter {
  readonly plantCodes?: readonly string[];
  readonly active?: boolean;
  readonly cause?: EntityId;
}
