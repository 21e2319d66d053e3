import { Failure, notAsked } from '../failure.ts';
import { refuseValue } from './leaf-writer.ts';
import type { Position, Write } from './write-run.ts';

// CompleteValue of the specification (6.4.3), around what the named type of a value writes.

/** Null is an answer; no value at all is none: some subgraph was asked for it and left it out. */
export function nullable(write: Write, position: Position): Write {
  return (value, depth, run) => {
    if (value === null) return 'null';
    if (value === undefined) run.leftOut(position, depth);
    else return write(value, depth, run) ?? 'null';
    return 'null';
  };
}

export function nonNull(write: Write, position: Position): Write {
  return (value, depth, run) => {
    if (value !== null && value !== undefined && value !== notAsked) return write(value, depth, run);
    run.missing(position, depth, value);
    return undefined;
  };
}

/** What became null in silence is told where null must not be. */
export function explained(write: Write, position: Position): Write {
  return (value, depth, run) => {
    const { refusals } = run;
    const text = write(value, depth, run);
    if (text === undefined && run.refusals === refusals) run.missing(position, depth, value);
    return text;
  };
}

export function listWriter(item: Write, position: Position): Write {
  return (value, depth, run) => {
    if (!Array.isArray(value)) return refuseValue(value, position, depth, run);
    if (value.length === 0) return '[]';
    let text = '';
    for (let i = 0; i < value.length; i += 1) {
      run.path[depth] = i;
      const written = item(value[i], depth + 1, run);
      if (written === undefined) return undefined;
      text += (i === 0 ? '[' : ',') + written;
    }
    return `${text}]`;
  };
}

export function objectGuard(write: Write, position: Position): Write {
  return (value, depth, run) => {
    if (typeof value !== 'object' || value instanceof Failure || Array.isArray(value)) {
      return refuseValue(value, position, depth, run);
    }
    return write(value, depth, run);
  };
}
