import type { EntityId } from '../../journal/entity-ref.ts';
import type { Rejection } from '../transitions/rejection.ts';

/** A reason of the QMS's own guards. */
export function refusal(
  guard: string,
  code: string,
  message: string,
  remediation: string,
  blockingRef: EntityId | null = null,
): Rejection {
  return { code, system: 'QMS', guard, message, remediation, blockingRef };
}
