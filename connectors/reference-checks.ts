import type { SystemCommand } from './posting.ts';
import type { Verdict } from './reference-posting.ts';
import { refuse } from './reference-posting.ts';

/** What every reference system checks before its own rules. Null: nothing wrong. */
export function checkRow(
  command: SystemCommand,
  what: string,
  row: { readonly version: number } | undefined,
): Verdict | null {
  if (!row) return refuse('NOT_FOUND', `${what} does not exist in plant ${command.plantCode}.`);
  const { expectedVersion } = command;
  if (expectedVersion === null || expectedVersion === String(row.version)) return null;
  return refuse(
    'VERSION_CONFLICT',
    `${what} has version ${row.version}; ${command.name} was decided on version ${expectedVersion}.`,
    'Read it again, and decide again.',
  );
}

export function checkState(
  command: SystemCommand,
  what: string,
  state: string,
  allowed: readonly string[],
): Verdict | null {
  if (allowed.includes(state)) return null;
  return refuse('STATE_NOT_ALLOWED', `${what} is ${state}; ${command.name} needs ${allowed.join(' or ')}.`);
}
