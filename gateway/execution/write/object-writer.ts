import type { ResponseObject } from '../response-data.ts';
import type { Write } from './write-run.ts';

/** Values whose JSON text is what JavaScript makes of them when it adds them to a text; the quotes of a text apart. */
export type PlainValue = 'text' | 'int' | 'int or null' | 'boolean' | 'boolean or null';

export interface FieldWriter {
  readonly key: string;
  /** The key of the value in the merged data. */
  readonly source: string;
  /** What stands before the value. */
  readonly prefix: string;
  readonly write: Write;
  /** The JavaScript values that need no further look. */
  readonly plain: PlainValue | undefined;
}

/** Writes the selected fields of an object, in order. */
export function createObjectWriter(fields: readonly FieldWriter[]): Write {
  if (fields.length === 0) return () => '{}';
  return generateWriter(fields, createFieldLoop(fields));
}

function createFieldLoop(fields: readonly FieldWriter[]): Write {
  return (value, depth, run) => {
    let text = '';
    const { path, isPlain } = run;
    const source = value as ResponseObject;
    for (let i = 0; i < fields.length; i += 1) {
      const field = fields[i] as FieldWriter;
      const member = source[field.source];
      if (isPlain && field.plain === 'text' && typeof member === 'string') {
        text += `${field.prefix}"${member}"`;
        continue;
      }
      path[depth] = field.key;
      const written = field.write(member, depth + 1, run);
      if (written === undefined) return undefined;
      text += field.prefix + written;
    }
    return `${text}}`;
  };
}

const checks: Readonly<Record<PlainValue, (name: string) => string>> = {
  text: (name) => `typeof ${name} === 'string'`,
  int: (name) => `${name} === (${name} | 0)`,
  'int or null': (name) => `(${name} === null || ${name} === (${name} | 0))`,
  boolean: (name) => `typeof ${name} === 'boolean'`,
  'boolean or null': (name) => `(${name} === null || typeof ${name} === 'boolean')`,
};

/**
 * A writer that names its fields in its code. One piece of code that reads the fields of every type has to look each of
 * them up; where a place of the code reads one field only, V8 learns where that one stands. And what is known to stand
 * side by side is one piece: each piece makes the text a deeper tree, which is put in a row when it is sent. Together
 * they take half off what an answer costs to write.
 *
 * It writes objects whose plain values are as the schema says, without need of an escape; all others are `otherwise`'s.
 * Nothing that a client sends gets into the code but names of the GraphQL grammar, quoted.
 */
function generateWriter(fields: readonly FieldWriter[], otherwise: Write): Write {
  const members: string[] = [];
  const guards = ['run.isPlain'];
  const nested: string[] = [];
  const sum: string[] = [];
  let known = '';
  for (const [index, { key, source, prefix, plain }] of fields.entries()) {
    const name = `v${index}`;
    const member = `value[${JSON.stringify(source)}]`;
    if (plain) {
      members.push(`const ${name} = ${member};`);
      guards.push(checks[plain](name));
    } else {
      nested.push(
        `run.path[depth] = ${JSON.stringify(key)};`,
        `const ${name} = writers[${index}](${member}, depth + 1, run);`,
        `if (${name} === undefined) return undefined;`,
      );
    }
    const mark = plain === 'text' ? '"' : '';
    sum.push(JSON.stringify(known + prefix + mark), name);
    known = mark;
  }
  const body = [
    ...members,
    `if (!(${guards.join(' && ')})) return otherwise(value, depth, run);`,
    ...nested,
    `return ${sum.join(' + ')} + ${JSON.stringify(`${known}}`)};`,
  ];
  const make = new Function('writers', 'otherwise', `return (value, depth, run) => {\n${body.join('\n')}\n};`);
  return make(
    fields.map(({ write }) => write),
    otherwise,
  );
}
