import type { Claim, Command, NewCommand, SettledCommand } from './command.ts';
import type { EntityId } from './entity-ref.ts';
import { CommandNotUnsettledError } from './errors.ts';
import { change, listOf, type QueryRunner, statement } from './statement.ts';
import type { CommandRow } from './tables.ts';

const insertCommand = change(
  `insert into journal_command (transition_id, scoped_key, transition, request_hash, state, intent, touches, deferrals,
     begun_at, claimed_by, claimed_until)
   values ($1, $2, $3, $4, 'INTENT', $5, $6, 0, $7, $8, $9)
   on conflict (scoped_key) do nothing`,
);
const findByKey = statement<CommandRow>('select * from journal_command where scoped_key = $1');
const findById = statement<CommandRow>('select * from journal_command where transition_id = $1');
const settle = change(
  `update journal_command set state = 'SETTLED', outcome = $1, answer = $2, settled_at = $3
   where transition_id = $4 and state = 'INTENT'`,
);
const defer = change(
  `update journal_command set deferrals = deferrals + 1, deferred_reason = $1, deferred_at = $2,
     claimed_by = null, claimed_until = null
   where transition_id = $3 and state = 'INTENT'`,
);
const claim = change(
  `update journal_command set claimed_by = $1, claimed_until = $2
   where transition_id = $3 and state = 'INTENT' and (claimed_by is null or claimed_by = $1 or claimed_until < $4)`,
);
const release = change('update journal_command set claimed_by = null, claimed_until = null where transition_id = $1');
const untouch = change('delete from journal_command_touch where transition_id = $1');

export async function beginCommand(
  tx: QueryRunner,
  command: NewCommand,
  begunAt: string,
): Promise<{ readonly begun: Command } | { readonly known: Command }> {
  const inserted = insertCommand(tx, [
    command.transitionId,
    command.scopedKey,
    command.transition,
    command.requestHash,
    JSON.stringify(command.intent ?? null),
    JSON.stringify(command.touches),
    begunAt,
    command.claim?.by ?? null,
    command.claim?.until ?? null,
  ]);
  // Sent together: on PostgreSQL each wait is a round trip.
  const [begun] = await Promise.all([inserted, touch(tx, command)]);
  if (begun > 0) return { begun: unsettled(command, begunAt) };
  const [known] = await findByKey(tx, [command.scopedKey]);
  if (!known) throw new Error(`command ${command.scopedKey} was neither begun nor found`);
  return { known: toCommand(known) };
}

/** Writes nothing when the command before it was not inserted: then its transition is another's. */
async function touch(tx: QueryRunner, { transitionId, touches }: NewCommand): Promise<void> {
  const entities = [...new Set(touches)];
  if (entities.length === 0) return;
  const rows = entities.map((_, index) => `select $1 as transition_id, $${index + 2} as entity_id`).join(' union all ');
  const insert = change(
    `insert into journal_command_touch (transition_id, entity_id) select transition_id, entity_id from (${rows}) touched
     where exists (select 1 from journal_command where transition_id = $1)
     on conflict do nothing`,
  );
  await insert(tx, [transitionId, ...entities]);
}

/** @throws CommandNotUnsettledError */
export async function settleCommand(
  tx: QueryRunner,
  transitionId: string,
  { outcome, answer, settledAt }: SettledCommand & { readonly settledAt: string },
): Promise<void> {
  const [settled] = await Promise.all([
    settle(tx, [outcome, JSON.stringify(answer ?? null), settledAt, transitionId]),
    untouch(tx, [transitionId]),
  ]);
  if (settled === 0) throw new CommandNotUnsettledError(transitionId);
}

/** @throws CommandNotUnsettledError */
export async function deferCommand(
  tx: QueryRunner,
  transitionId: string,
  { reason, deferredAt }: { readonly reason: string; readonly deferredAt: string },
): Promise<void> {
  const deferred = await defer(tx, [reason, deferredAt, transitionId]);
  if (deferred === 0) throw new CommandNotUnsettledError(transitionId);
}

export async function releaseCommand(tx: QueryRunner, transitionId: string): Promise<void> {
  await release(tx, [transitionId]);
}

/** @returns whether the command is unsettled, and nobody else's */
export async function claimCommand(
  tx: QueryRunner,
  transitionId: string,
  { by, until, now }: Claim & { readonly now: string },
): Promise<boolean> {
  return (await claim(tx, [by, until, transitionId, now])) > 0;
}

export async function findCommand(runner: QueryRunner, transitionId: string): Promise<Command | undefined> {
  const [row] = await findById(runner, [transitionId]);
  return row && toCommand(row);
}

export async function findCommandByKey(runner: QueryRunner, scopedKey: string): Promise<Command | undefined> {
  const [row] = await findByKey(runner, [scopedKey]);
  return row && toCommand(row);
}

/** @param transitions null: of every transition */
export async function unsettledCommands(
  runner: QueryRunner,
  limit: number,
  transitions: readonly string[] | null,
): Promise<readonly Command[]> {
  const { text, parameters } = transitions ? listOf(transitions) : { text: '', parameters: [] };
  const own = transitions ? `and transition in ${text}` : '';
  const find = statement<CommandRow>(
    `select * from journal_command where state = 'INTENT' ${own}
     order by begun_at, transition_id limit $${parameters.length + 1}`,
  );
  return (await find(runner, [...parameters, limit])).map(toCommand);
}

export async function unsettledCommandsOn(
  runner: QueryRunner,
  entities: readonly EntityId[],
  exceptTransitionId: string,
): Promise<readonly Command[]> {
  if (entities.length === 0) return [];
  const { text, parameters } = listOf(entities);
  const find = statement<CommandRow>(
    `select * from journal_command
     where transition_id in (select transition_id from journal_command_touch where entity_id in ${text})
       and transition_id <> $${parameters.length + 1} and state = 'INTENT'
     order by begun_at, transition_id`,
  );
  return (await find(runner, [...parameters, exceptTransitionId])).map(toCommand);
}

function unsettled(command: NewCommand, begunAt: string): Command {
  const { transitionId, scopedKey, transition, requestHash, intent, touches } = command;
  const nothingYet = {
    state: 'INTENT',
    outcome: null,
    answer: null,
    deferrals: 0,
    deferredReason: null,
    deferredAt: null,
  } as const;
  const claimedUntil = command.claim?.until ?? null;
  const said = { transitionId, scopedKey, transition, requestHash, intent, touches };
  return { ...said, ...nothingYet, claimedUntil, begunAt, settledAt: null };
}

function toCommand(row: CommandRow): Command {
  return {
    transitionId: row.transition_id,
    scopedKey: row.scoped_key,
    transition: row.transition,
    requestHash: row.request_hash,
    state: row.state,
    outcome: row.outcome,
    answer: row.answer === null ? null : JSON.parse(row.answer),
    intent: JSON.parse(row.intent),
    touches: JSON.parse(row.touches),
    deferrals: row.deferrals,
    deferredReason: row.deferred_reason,
    deferredAt: row.deferred_at,
    claimedUntil: row.claimed_until,
    begunAt: row.begun_at,
    settledAt: row.settled_at,
  };
}
