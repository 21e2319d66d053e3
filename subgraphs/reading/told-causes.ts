import type { EntityId } from '../../journal/entity-ref.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Reader } from './plant-only.ts';

/** More interlocks than any cause places. */
const interlocksOfOneCause = 1000;

/**
 * What restricts something, as the reader may know it. A partner's people are told the causes that belong to their partner,
 * which the cause's interlocks say; a cause of anybody else is null to them.
 */
export function toldCauses<Cause extends string>(
  causes: readonly Cause[],
  { journal, principal }: { readonly journal: Journal; readonly principal: Reader },
): Promise<readonly (Cause | null)[]> {
  const { partner } = principal;
  if (partner === null) return Promise.resolve(causes);
  return Promise.all(
    causes.map(async (cause) => {
      const placed = await journal.interlocks.list(
        { cause: cause as string as EntityId },
        { first: interlocksOfOneCause },
      );
      return placed.length > 0 && placed.every((interlock) => interlock.partner === partner) ? cause : null;
    }),
  );
}
