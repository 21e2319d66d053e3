import type { Principal } from '../../auth/principal.ts';
import { plantId } from '../../journal/entity-ref.ts';
import type { Interlock } from '../../journal/interlock.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Reader } from '../reading/plant-only.ts';
import { isVisible, type MayRead } from '../reading/visibility.ts';
import type { OwningSystem, Rejection } from './rejection.ts';
import { mayAct } from './state-machine.ts';
import { tellRejection } from './tell-rejection.ts';
import type { AnyTransition, GuardContext, Meta, Subject } from './transition.ts';

/** The question to the policies that transitions have. */
export interface MayTransition extends MayRead {
  mayTransition(
    principal: Principal,
    asked: { readonly transition: string; readonly plantCode: string; readonly partner: string | null },
  ): { readonly allowed: boolean };
}

export interface Question {
  readonly transition: AnyTransition;
  readonly system: OwningSystem;
  readonly entity: unknown;
  /** Null when only asked whether the transition is available. */
  readonly input: unknown;
  readonly meta: Meta | null;
  readonly policies: MayTransition;
  readonly context: GuardContext;
}

/** The same answer for what does not exist and for what the caller may not know of. */
export function notFound(system: OwningSystem): Rejection {
  return {
    code: 'NOT_FOUND',
    system,
    guard: 'exists',
    message: 'There is no such thing, or you may not see it.',
    remediation: 'Check the id, and the plants that your token is for.',
    blockingRef: null,
  };
}

/** Every reason why the transition is refused, interlocks apart. Empty: nothing but an interlock can refuse it. */
export async function evaluateGuards(question: Question): Promise<readonly Rejection[]> {
  const { transition, entity, input, context, system, policies } = question;
  const subject = transition.subject(entity);
  if (!isVisible(context.principal, subject, policies)) return [notFound(system)];
  const forbidden = checkPolicy(question, subject);
  // A partner's people are told no more about what they may not do at all.
  if (forbidden.length > 0 && context.principal.partner !== null) return forbidden;
  const own = await Promise.all(transition.guards.map((guard) => guard.check(entity, input, context)));
  return [
    ...forbidden,
    ...checkState(question, subject),
    ...checkVersion(question, subject),
    ...checkReason(question),
    ...own.flat().map((rejection) => tellRejection(rejection, context.principal)),
  ];
}

/**
 * Every interlock that stands in the way, as reasons for `reader`.
 *
 * @param interlocks the journal's for a question, those of the intent's transaction for a mutation
 */
export async function evaluateInterlocks(
  transition: AnyTransition,
  entity: unknown,
  input: unknown,
  interlocks: Pick<Journal['interlocks'], 'active'>,
  reader: Reader,
): Promise<readonly Rejection[]> {
  const found: Rejection[] = [];
  const { plantCode } = transition.subject(entity);
  for (const { entities, restriction } of transition.touches(entity, input)) {
    if (entities.length === 0) continue;
    const standing = await interlocks.active([...entities, plantId(plantCode)], restriction);
    found.push(...standing.map((interlock) => interlockRejection(interlock, restriction, reader)));
  }
  return found.filter((one, index) => found.findIndex((other) => other.message === one.message) === index);
}

function checkPolicy({ transition, policies, context, system }: Question, subject: Subject): readonly Rejection[] {
  const { plantCode, partner } = subject;
  const { allowed } = policies.mayTransition(context.principal, { transition: transition.name, plantCode, partner });
  if (allowed) return [];
  return [
    {
      code: 'FORBIDDEN',
      system,
      guard: 'policy',
      message: `Your roles (${context.principal.roles.join(', ') || 'none'}) do not include ${transition.name} in plant ${plantCode}.`,
      remediation: 'Ask somebody whose role it is, or have the policy changed.',
      blockingRef: null,
    },
  ];
}

function checkState({ transition, system }: Question, subject: Subject): readonly Rejection[] {
  const { machine, action } = transition;
  if (!machine || mayAct(machine, subject.state, action)) return [];
  const allowed = machine.actions[action]?.from.map((state) => state ?? 'nothing').join(' or ');
  return [
    {
      code: 'STATE_NOT_ALLOWED',
      system,
      guard: 'state-machine',
      message: `${transition.name} needs the state ${allowed}; it is ${subject.state ?? 'not there yet'}.`,
      remediation: 'Read the current state and its availableTransitions.',
      blockingRef: null,
    },
  ];
}

function checkVersion({ transition, meta, system }: Question, subject: Subject): readonly Rejection[] {
  const expected = meta?.expectedVersion ?? null;
  if (expected === null || expected === subject.version) return [];
  const rejection = { system, guard: 'expected-version', blockingRef: null };
  // Going on would look as if it had been compared.
  if (subject.version === null) {
    const why = subject.state === null ? 'what it makes does not exist yet' : `the ${system} knows none`;
    return [
      {
        ...rejection,
        code: 'NO_VERSION',
        message: `${transition.name} has no version to compare with ${expected}: ${why}.`,
        remediation: 'Leave meta.expectedVersion out.',
      },
    ];
  }
  return [
    {
      ...rejection,
      code: 'VERSION_CONFLICT',
      message: `You saw version ${expected}; it is ${subject.version} now.`,
      remediation: 'Read it again, and decide again.',
    },
  ];
}

function checkReason({ transition, meta, system }: Question): readonly Rejection[] {
  if (!transition.reasonRequired || meta === null || meta.reason) return [];
  return [
    {
      code: 'REASON_REQUIRED',
      system,
      guard: 'reason',
      message: `${transition.name} needs a reason for the audit trail.`,
      remediation: 'Give meta.reason.text.',
      blockingRef: null,
    },
  ];
}

const systemOfKind = {
  QUALITY_HOLD: 'QMS',
  ORDER_HOLD: 'ERP',
  BREAKDOWN: 'CMMS',
  SYSTEM_UNREAD: 'ANDON',
} as const satisfies Record<Interlock['kind'], OwningSystem>;

const remedyOfKind = {
  QUALITY_HOLD: 'It ends when a disposition of the hold is approved by a second person and carried out.',
  ORDER_HOLD: 'It ends when the order is resumed.',
  BREAKDOWN: 'It ends when the maintenance is completed, or the downtime is ended.',
  SYSTEM_UNREAD: 'It ends by itself as soon as the system answers.',
} as const satisfies Record<Interlock['kind'], string>;

/** All that a partner is told of an interlock whose cause it may not see. */
const ofThePlant: Rejection = {
  code: 'INTERLOCKED',
  system: 'ANDON',
  guard: 'interlock',
  message: 'A restriction of the plant stands on it.',
  remediation: 'Ask the plant.',
  blockingRef: null,
};

/** @param restricted what is refused because of it, for the sentence */
export function interlockRejection(interlock: Interlock, restricted: string, { partner }: Reader): Rejection {
  if (partner !== null && partner !== interlock.partner) return ofThePlant;
  return {
    code: 'INTERLOCKED',
    system: systemOfKind[interlock.kind],
    guard: 'interlock',
    message: `${interlock.reason} forbids ${restricted}${partner === null ? ` for ${interlock.entityId}` : ''}.`,
    remediation: remedyOfKind[interlock.kind],
    blockingRef: interlock.cause,
  };
}
