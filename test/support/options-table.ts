import type { OptionSchema } from './config-schema.ts';

/** One row for each option: its name as the file has it, its default, and its sentences. */
export function optionsTable(schema: OptionSchema): string {
  return ['| Option | Default | |', '|---|---|---|', ...rowsOf(schema, [])].join('\n');
}

function rowsOf(section: OptionSchema, path: readonly string[]): readonly string[] {
  return Object.entries(section.properties ?? {}).flatMap(([name, option]) => {
    const place = [...path, name];
    if (option.properties) return rowsOf(option, place);
    const sentences = (option.description ?? '').replaceAll('|', '\\|');
    return [`| \`${place.join('.')}\` | ${defaultOf(option)} | ${sentences} |`];
  });
}

const defaultOf = ({ default: value }: OptionSchema): string => (value === undefined ? '' : `\`${String(value)}\``);
