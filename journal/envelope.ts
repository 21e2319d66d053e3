import type { EventData, EventType } from './catalogue.ts';
import type { EntityId } from './entity-ref.ts';

/**
 * A CloudEvents 1.0 event as the journal keeps it. `position` is its cursor: positions are handed out in commit order,
 * so nothing ever becomes visible behind a cursor that a client already has.
 */
export interface JournalEvent<Type extends EventType = EventType> {
  /** A decimal number as text; compare as numbers (`BigInt`). Opaque to clients. */
  readonly position: string;
  /** Deterministic from the transition, or the source document and its version, so that a repetition is recognised. */
  readonly id: string;
  readonly type: Type;
  /** `/plants/<plant>/<system>/<instance>` */
  readonly source: string;
  /** The entity that it is about; also the partition within which `sequence` counts. */
  readonly subject: EntityId;
  readonly plantCode: string;
  readonly line: string | null;
  /** The partner that may see it besides the plant's own people. */
  readonly partner: string | null;
  /** 1, 2, 3 … within the subject. */
  readonly sequence: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly actorId: string;
  readonly actorKind: string;
  /** `FROM>TO` of the state machine, or null where no state changed. */
  readonly stateChange: string | null;
  readonly data: EventData[Type];
}

export type NewEvent<Type extends EventType = EventType> = {
  [T in Type]: Omit<JournalEvent<T>, 'position' | 'sequence' | 'recordedAt'>;
}[Type];

export interface EventFilter {
  readonly types?: readonly EventType[];
  /** The plants that the reader may see; not given: all. */
  readonly plantCodes?: readonly string[];
  readonly line?: string;
  readonly subject?: EntityId;
  /** Set for a partner's reader: only events of that partner. */
  readonly partner?: string;
}
