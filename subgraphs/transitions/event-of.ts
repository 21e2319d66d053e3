import type { Principal } from '../../auth/principal.ts';
import type { EventData, EventType } from '../../journal/catalogue.ts';
import type { EntityId } from '../../journal/entity-ref.ts';

/** The parts of an event that follow from the call that caused it. */
export interface EventOrigin {
  readonly transitionId: string;
  readonly meta: { readonly correlationId: string; readonly causationId: string | null; readonly occurredAt: string };
  readonly actor: Pick<Principal, 'id' | 'kind'>;
}

export interface EventContent<Type extends EventType> {
  readonly type: Type;
  readonly system: string;
  readonly subject: EntityId;
  readonly plantCode: string;
  readonly line: string | null;
  readonly partner: string | null;
  readonly stateChange: string | null;
  readonly data: EventData[Type];
}

/** Builds the event that a transition announces. Its id follows from the transition, so a repetition is recognised. */
export function eventOf<Type extends EventType>(origin: EventOrigin, content: EventContent<Type>) {
  const { system, ...rest } = content;
  return {
    ...rest,
    id: `${origin.transitionId}/${content.type}/${content.subject}`,
    source: `/plants/${content.plantCode}/${system.toLowerCase()}`,
    occurredAt: origin.meta.occurredAt,
    correlationId: origin.meta.correlationId,
    causationId: origin.meta.causationId,
    actorId: origin.actor.id,
    actorKind: origin.actor.kind,
  };
}
