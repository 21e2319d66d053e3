import type { NewAuditEntry } from '../../journal/audit-entry.ts';
import type { NewCommand } from '../../journal/command.ts';
import { type EntityId, entityId } from '../../journal/entity-ref.ts';
import type { JournalEvent, NewEvent } from '../../journal/envelope.ts';
import type { Gap } from '../../journal/gap.ts';
import type { NewInterlock } from '../../journal/interlock.ts';

export const lot = (number: string | number): EntityId => entityId('BER', 'lot', 'WATER-05L', `L-${number}`);
export const hold = (number: string | number): EntityId => entityId('BER', 'hold', `H-${number}`);

export function sampleEvent(id: string, changes: Partial<NewEvent<'quality.hold.placed'>> = {}): NewEvent {
  return {
    id,
    type: 'quality.hold.placed',
    source: '/plants/BER/qms/reference',
    subject: hold(1),
    plantCode: 'BER',
    line: 'LINE-1',
    partner: null,
    occurredAt: '2025-03-01T10:00:00.000Z',
    correlationId: 'correlation-1',
    causationId: null,
    actorId: 'quinn',
    actorKind: 'PERSON',
    stateChange: 'DRAFT>ACTIVE',
    data: {
      holdNo: 'H-1',
      scope: lot(1),
      affected: [lot(1)],
      restrictions: ['SHIP'],
      reason: 'Torque too low – Straße 5 "x"',
      acknowledgedBy: [],
    },
    ...changes,
  };
}

export function sampleAudit(transitionId: string, changes: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return {
    occurredAt: '2025-03-01T10:00:00.000Z',
    transitionId,
    transition: 'placeHold',
    outcome: 'ACCEPTED',
    entityId: lot(1),
    plantCode: 'BER',
    actorId: 'quinn',
    actorName: 'Quinn Ortega',
    actorKind: 'PERSON',
    reasonCode: 'TORQUE',
    reasonText: 'Straße 5, “low”',
    correlationId: 'correlation-1',
    causationId: null,
    fromState: 'DRAFT',
    toState: 'ACTIVE',
    details: { input: { lot: 'L-1', quantity: '12.50' }, answers: [{ system: 'QMS', document: 'H-1' }] },
    ...changes,
  };
}

export function sampleCommand(transitionId: string, changes: Partial<NewCommand> = {}): NewCommand {
  return {
    transitionId,
    scopedKey: `quinn/${transitionId}`,
    transition: 'placeHold',
    requestHash: 'hash',
    intent: { input: { lot: 'L-1' } },
    touches: [lot(1)],
    ...changes,
  };
}

export function sampleInterlock(changes: Partial<NewInterlock> = {}): NewInterlock {
  return {
    kind: 'QUALITY_HOLD',
    entityId: lot(1),
    plantCode: 'BER',
    partner: null,
    cause: hold(1),
    restrictions: ['SHIP', 'PICK'],
    reason: 'Quality hold H-1: torque too low',
    placedBy: 'quinn',
    placedByTransition: 't-1',
    ...changes,
  };
}

/** Takes `count` items from a follower. */
export async function take(
  follower: AsyncIterator<JournalEvent | Gap>,
  count: number,
): Promise<readonly (JournalEvent | Gap)[]> {
  const taken: (JournalEvent | Gap)[] = [];
  while (taken.length < count) {
    const { done, value } = await follower.next();
    if (done) throw new Error(`the follower ended after ${taken.length} of ${count}`);
    taken.push(value);
  }
  return taken;
}

export async function takeEvents(
  follower: AsyncIterator<JournalEvent | Gap>,
  count: number,
): Promise<readonly JournalEvent[]> {
  return (await take(follower, count)).map((item) => {
    if ('gap' in item) throw new Error(`a gap from ${item.from} to ${item.to}`);
    return item;
  });
}
