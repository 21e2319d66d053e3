import type { SystemCommand } from './posting.ts';
import { refuse } from './reference-refusal.ts';

/** What reference systems require of a command before they change anything. Each throws RefusedError. */
export function requireThat(holds: boolean, code: string, message: string, remediation: string | null = null): void {
  if (!holds) throw refuse(code, message, remediation);
}

export function requireRow<Row>(row: Row | undefined, what: string): Row {
  if (row === undefined) throw refuse('NOT_FOUND', `${what} does not exist.`, 'Check the number.');
  return row;
}

/** The row that the command is about is there, and nobody has changed it since the guards saw it. */
export function requireCurrent<Row extends { readonly version: number }>(
  command: SystemCommand,
  what: string,
  row: Row | undefined,
): Row {
  if (!row) throw refuse('NOT_FOUND', `${what} does not exist in plant ${command.plantCode}.`);
  const { expectedVersion } = command;
  if (expectedVersion === null || expectedVersion === String(row.version)) return row;
  throw refuse(
    'VERSION_CONFLICT',
    `${what} has version ${row.version}; ${command.name} was decided on version ${expectedVersion}.`,
    'Read it again, and decide again.',
  );
}

export function requireState(command: SystemCommand, what: string, state: string, allowed: readonly string[]): void {
  if (allowed.includes(state)) return;
  throw refuse('STATE_NOT_ALLOWED', `${what} is ${state}; ${command.name} needs ${allowed.join(' or ')}.`);
}

/** The row's state allows the command, and nobody has changed it since the guards saw it. */
export function requireUnchanged(
  command: SystemCommand,
  row: { readonly state: string; readonly version: number },
  allowed: readonly string[],
): void {
  requireCurrent(command, 'It', row);
  requireState(command, 'It', row.state, allowed);
}
