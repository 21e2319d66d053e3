import type { ExceptionRow } from '../../connectors/ops/port.ts';
import { type EntityId, entityId, refOf } from '../../journal/entity-ref.ts';

export function exceptionId({ plantCode, id }: Pick<ExceptionRow, 'plantCode' | 'id'>): EntityId {
  return entityId(plantCode, 'exception', id);
}

/** @returns the port's key, or null for what is no id of an exception */
export function exceptionKey(id: string): string | null {
  return refOf(id, 'exception')?.key[0] ?? null;
}
