import { type GraphQLLeafType, isEnumType } from 'graphql';
import { Failure } from '../failure.ts';
import { jsonText, quote } from '../json-text.ts';
import { hasLostDigits } from '../lost-digits.ts';
import type { Position, Write, WriteRun } from './write-run.ts';

/** Writes values of one scalar or enum; what does not fit is refused. */
export function leafWriter(type: GraphQLLeafType, position: Position): Write {
  const slow: Write = (value, depth, run) => serialize(type, value) ?? refuseValue(value, position, depth, run);
  if (isEnumType(type)) {
    const values = new Map(type.getValues().map(({ name }) => [name as unknown, quote(name)]));
    return (value, depth, run) => values.get(value) ?? refuseValue(value, position, depth, run);
  }
  switch (type.name) {
    case 'String':
    case 'ID':
      return (value, depth, run) =>
        typeof value !== 'string' ? slow(value, depth, run) : run.isPlain ? `"${value}"` : quote(value);
    case 'Int':
      return (value, depth, run) =>
        (value as number) === ((value as number) | 0) ? `${value}` : slow(value, depth, run);
    case 'Boolean':
      return (value, depth, run) => (value === true ? 'true' : value === false ? 'false' : slow(value, depth, run));
    case 'Float':
      return slow;
    default:
      return (value, depth, run) =>
        value instanceof Failure || isBeyondNumbers(value) ? refuseValue(value, position, depth, run) : jsonText(value);
  }
}

/** 1e400 is read as Infinity, which JSON would say as null. */
const isBeyondNumbers = (value: unknown) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;

/**
 * graphql-js decides what else a built-in scalar accepts (a number for an ID, 1.0 for an Int). Of a number beyond 2^53 the
 * last digits are lost when it is read, and with them whose ID it is.
 */
function serialize(type: GraphQLLeafType, value: unknown): string | undefined {
  if (typeof value === 'object') return undefined;
  if (type.name === 'ID' && hasLostDigits(value)) return undefined;
  try {
    return jsonText(type.serialize(value));
  } catch {
    return undefined;
  }
}

/** The value cannot be written: it has failed, or does not fit its type. */
export function refuseValue(value: unknown, position: Position, depth: number, run: WriteRun): undefined {
  if (value instanceof Failure) run.fail(value, depth, position);
  else run.malformed(position, depth, value);
}
