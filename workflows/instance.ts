import type { JournalEvent } from '../journal/envelope.ts';
import type { InstanceRow } from './tables.ts';

/** What a rule does on account of one event. */
export type Instance = Pick<InstanceRow, 'id' | 'rule' | 'state' | 'attempts' | 'revision'> & {
  readonly event: JournalEvent;
};
