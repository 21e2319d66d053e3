import type { PlaceHold, QmsResults, Target } from '../../connectors/qms/port.ts';
import type { NewInterlock } from '../../journal/interlock.ts';
import { excerptOf } from '../excerpt-of.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, codeOrBlank, id, listOfIds } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { Call, Transition } from '../transitions/transition.ts';
import { holdIdOf, targetIdOf } from './keys.ts';
import { holdMachine } from './machines.ts';
import { loadNewHold, type NewHold, type NewHoldSources, type PlaceHoldInput, type Standing } from './new-hold.ts';
import { refusal } from './refusal.ts';
import { forbiddenFor } from './what-a-hold-forbids.ts';

export function placeHold(sources: NewHoldSources): Transition<NewHold, PlaceHoldInput, PlaceHold> {
  return {
    name: 'placeHold',
    machine: holdMachine,
    action: 'place',
    checks: {
      scope: id,
      restrictions: asDeclared,
      affected: listOfIds(200),
      holdNo: codeOrBlank(120),
      inspectionLotId: id,
      lotId: id,
      orderId: id,
      operationId: id,
    },
    load: (input, signal, principal) => loadNewHold(input, { ...sources, principal, signal }),
    subject: (entity) => ({
      id: holdIdOf(entity),
      plantCode: entity.plantCode,
      line: entity.context.lineCode,
      partner: entity.context.partner,
      version: entity.standing?.version ?? null,
      state: entity.standing?.state ?? null,
    }),
    touches: () => [],
    guards: [
      { name: 'scope', check: checkScope },
      { name: 'references', check: checkReferences },
      { name: 'hold-number', check: checkNumber },
    ],
    command: ({ entity, meta }) => ({
      ...entity.context,
      name: 'placeHold',
      plantCode: entity.plantCode,
      expectedVersion: null,
      holdNo: entity.holdNo,
      scope: entity.scope,
      affected: entity.affected,
      restrictions: entity.restrictions,
      reason: reasonOf({ meta }),
    }),
    placeFirst: interlocksOf,
    announceWhilePending: (call) => [holdEvent(call, 'quality.hold.placed', '>PLACED')],
    announceWithdrawal: (call) => [holdEvent(call, 'quality.hold.withdrawn', 'PLACED>')],
    effects: (call, posting) => {
      const { created } = posting.result as QmsResults['placeHold'];
      return {
        events: created ? [holdEvent(call, 'quality.hold.placed', '>PLACED')] : [],
        confirm: created ? interlocksOf(call) : [],
        toState: call.entity.standing?.state ?? 'PLACED',
        result: holdIdOf(call.entity),
      };
    },
  };
}

function checkScope({ restrictions, idle, nowhere, strange }: NewHold): readonly Rejection[] {
  const found: Rejection[] = idle.map((one) => {
    const message = `Nobody is kept from ${one} by holding this: it can be forbidden for a ${forbiddenFor(one)}.`;
    return refusal('scope', 'RESTRICTS_NOTHING', message, 'Hold one of those, or leave restrictions out.');
  });
  if (nowhere.length > 0) {
    const message = `Nobody can tell now at which work centers ${nowhere.slice(0, 3).join(', ')} stands, so nothing would be stopped there.`;
    const remedy = 'Name its work centers in affected, or repeat when the CMMS answers.';
    found.push(refusal('scope', 'SYSTEM_UNAVAILABLE', message, remedy));
  }
  if (strange.length > 0) {
    const message = `${strange.slice(0, 3).map(excerptOf).join(', ')} cannot be held together with the scope.`;
    const remedy = 'Give ids of the same plant: lots, orders, operations, work centers, assets, materials, deliveries.';
    found.push(refusal('scope', 'AFFECTED_INVALID', message, remedy));
  }
  if (restrictions.length === 0) {
    const message = 'A hold has to forbid something, and this one would stop nobody.';
    const remedy = 'Leave restrictions out, and name the work centers of what is assigned to none in affected.';
    found.push(refusal('scope', 'RESTRICTS_NOTHING', message, remedy));
  }
  return found;
}

function checkReferences({ plantCode, wrongReferences }: NewHold): readonly Rejection[] {
  return wrongReferences.map(({ field, given, expected }) => {
    const message = `input.${field} is ${excerptOf(given)}, which is no ${expected} of plant ${plantCode} that you know of.`;
    return refusal(
      'references',
      'REFERENCE_INVALID',
      message,
      'Give the id of one in the plant of the scope, or none.',
    );
  });
}

/** A number stands for one hold: only the very same hold may be placed under it once more. */
function checkNumber(hold: NewHold): readonly Rejection[] {
  const { plantCode, holdNo, standing, isReserved } = hold;
  const remedy = 'Leave holdNo out to place another hold.';
  if (isReserved) {
    const message = `Hold numbers like ${holdNo} are for the holds that Andon places when an inspection fails.`;
    return [refusal('hold-number', 'HOLD_NUMBER_RESERVED', message, remedy)];
  }
  if (standing === null || isRepeat(standing, hold)) return [];
  const scope = targetIdOf(plantCode, standing.scope);
  const message = `Hold ${holdNo} stands already: on ${scope}, and it forbids ${standing.restrictions.join(', ')}.`;
  return [refusal('hold-number', 'HOLD_NUMBER_TAKEN', message, remedy, holdIdOf(hold))];
}

function isRepeat(standing: Standing, { plantCode, scope, affected, restrictions }: NewHold): boolean {
  const idOf = (target: Target) => targetIdOf(plantCode, target);
  return (
    idOf(standing.scope) === idOf(scope) &&
    isSame([standing.scope, ...standing.affected].map(idOf), [scope, ...affected].map(idOf)) &&
    isSame(standing.restrictions, restrictions)
  );
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  const [one, other] = [new Set(some), new Set(others)];
  return one.size === other.size && [...one].every((item) => other.has(item));
}

/** Whose lot it is reads it, so it names nobody. */
function reasonOf({ meta }: Pick<Call<unknown, unknown>, 'meta'>): string {
  return meta.reason?.text ?? 'no reason given';
}

type PlaceCall = Call<NewHold, PlaceHoldInput>;

function interlocksOf(call: PlaceCall): readonly NewInterlock[] {
  const { plantCode, holdNo, scope, affected, restrictions } = call.entity;
  const entities = new Set([scope, ...affected].map((target) => targetIdOf(plantCode, target)));
  return [...entities].map((entityId) => ({
    kind: 'QUALITY_HOLD',
    entityId,
    plantCode,
    partner: call.entity.context.partner,
    cause: holdIdOf(call.entity),
    restrictions,
    reason: `Quality hold ${holdNo} (${reasonOf(call)})`,
    placedBy: call.actor.id,
    placedByTransition: call.transitionId,
  }));
}

function holdEvent(call: PlaceCall, type: 'quality.hold.placed' | 'quality.hold.withdrawn', stateChange: string) {
  const { entity } = call;
  const { plantCode, holdNo, scope, affected, restrictions, context } = entity;
  return eventOf(call, {
    type,
    system: 'QMS',
    subject: holdIdOf(entity),
    plantCode,
    line: context.lineCode,
    partner: context.partner,
    stateChange,
    data: {
      holdNo,
      scope: targetIdOf(plantCode, scope),
      affected: affected.map((target) => targetIdOf(plantCode, target)),
      restrictions,
      reason: reasonOf(call),
      acknowledgedBy: [],
    },
  });
}
