import { isPrintable } from '../../connectors/wellformed.ts';
import { isoTime } from '../../runtime/clock.ts';
import { ClientError } from '../errors.ts';
import { readInstant } from '../schema/instant.ts';
import {
  asDeclared,
  checkInput,
  code,
  type InputCheck,
  type InputChecks,
  type InputContext,
  printable,
  text,
} from './input-checks.ts';
import type { OwningSystem } from './rejection.ts';
import type { Meta } from './transition.ts';

/** `TransitionMeta` as the graph delivers it. */
export interface MetaInput {
  readonly idempotencyKey: string;
  readonly expectedVersion?: string | null;
  readonly correlationId?: string | null;
  readonly causationId?: string | null;
  readonly reason?: { readonly code?: string | null; readonly text: string } | null;
  readonly occurredAt?: string | null;
}

const checkReason: InputCheck<NonNullable<MetaInput['reason']>> = (reason, context) => {
  // A workflow's code is the name of its rule, which is a sentence.
  const wrongCode = reason.code ? code(context.isWorkflow ? 100 : undefined)(reason.code, context) : null;
  if (wrongCode !== null) return `given with a code of ${wrongCode}`;
  // A blank reason is none; where one is needed that is refused.
  const wrongText = reason.text.trim() === '' ? null : text(reason.text, context);
  return wrongText && `given with a text of ${wrongText}`;
};

const metaChecks: InputChecks<MetaInput> = {
  // Without a key there is nothing to answer, and a wrong time is an error of its own: see below.
  idempotencyKey: asDeclared,
  occurredAt: asDeclared,
  expectedVersion: printable(100),
  correlationId: printable(200),
  causationId: printable(200),
  reason: checkReason,
};

export function checkMeta(meta: MetaInput, context: InputContext & { readonly system: OwningSystem }) {
  return checkInput(metaChecks, meta, { ...context, path: 'meta' });
}

/** @throws ClientError */
export function requireKey(key: string): string {
  if (key.trim() === '' || key.length > 200 || !isPrintable(key)) {
    throw new ClientError(
      'BAD_IDEMPOTENCY_KEY',
      'meta.idempotencyKey must have 1 to 200 printable characters, for example a UUID.',
    );
  }
  return key;
}

/** @throws ClientError a time that cannot be */
export function completeMeta(meta: MetaInput, transitionId: string, now: number): Meta {
  return {
    idempotencyKey: meta.idempotencyKey,
    expectedVersion: meta.expectedVersion ?? null,
    correlationId: meta.correlationId ?? transitionId,
    causationId: meta.causationId ?? null,
    reason: meta.reason?.text.trim() ? { code: meta.reason.code ?? null, text: meta.reason.text } : null,
    occurredAt: requireTime(meta.occurredAt, now) ?? isoTime(now),
  };
}

/** The clocks of terminals and ours differ. */
const clockSkewMs = 5 * 60 * 1000;
/** What is reported later belongs into the reason: the audit trail would tell a wrong story. */
const longestAgoMs = 366 * 24 * 60 * 60 * 1000;

function requireTime(text: string | null | undefined, now: number): string | null {
  if (text === null || text === undefined) return null;
  const instant = readInstant(text);
  if (instant === null)
    throw new ClientError('BAD_TIME', 'meta.occurredAt must be ISO 8601, for example 2026-05-21T06:02:11Z.');
  const time = Date.parse(instant);
  if (time > now + clockSkewMs || time < now - longestAgoMs)
    throw new ClientError('BAD_TIME', 'meta.occurredAt must not be in the future, nor more than a year ago.');
  return instant;
}
