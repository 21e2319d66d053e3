import type { Reader } from '../reading/plant-only.ts';
import type { Rejection } from './rejection.ts';

/** The rules that speak of the row itself, which the partner may see, and of nothing else. */
const tellable: readonly string[] = ['exists', 'policy', 'state-machine', 'expected-version', 'reason', 'input'];

/** A partner's people are told that a rule of the plant stands against it; which, may be about somebody else's things. */
export function tellRejection(rejection: Rejection, { partner }: Reader): Rejection {
  if (partner === null || tellable.includes(rejection.guard)) return rejection;
  const { code, system, guard } = rejection;
  return {
    code,
    system,
    guard,
    message: 'A rule of the plant stands against it.',
    remediation: 'Ask the plant.',
    blockingRef: null,
  };
}
