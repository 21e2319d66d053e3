import { readFile } from 'node:fs/promises';
import { type DirectiveDefinitionNode, parse, type StringValueNode, type TypeDefinitionNode } from 'graphql';
import { describe, expect, it } from 'vitest';

const files = ['schema/common', 'erp/schema', 'mes/schema', 'qms/schema', 'cmms/schema', 'ops/schema'];

interface Described {
  readonly name: { readonly value: string };
  readonly description?: StringValueNode | undefined;
}

interface DefinitionWithParts extends Described {
  readonly fields?: readonly (Described & { readonly arguments?: readonly Described[] })[];
  readonly values?: readonly Described[];
  readonly arguments?: readonly Described[];
}

/** Everything in a definition that a reader of the graph comes across, as `Type.field.argument`. */
function partsOf(definition: DefinitionWithParts): readonly (readonly [coordinate: string, part: Described])[] {
  const type = definition.name.value;
  return [
    [type, definition],
    ...(definition.arguments ?? []).map((one) => [`@${type}.${one.name.value}`, one] as const),
    ...(definition.values ?? []).map((one) => [`${type}.${one.name.value}`, one] as const),
    ...(definition.fields ?? []).flatMap((field) => [
      [`${type}.${field.name.value}`, field] as const,
      ...(field.arguments ?? []).map((one) => [`${type}.${field.name.value}.${one.name.value}`, one] as const),
    ]),
  ];
}

function wordsOf(text: string | undefined): number {
  return text?.split(/\s+/).filter((word) => /\w/.test(word)).length ?? 0;
}

describe('the words of the graph', () => {
  it.each(files)('%s.graphql describes every type, field, argument, input field and value', async (file) => {
    const source = await readFile(new URL(`../../../subgraphs/${file}.graphql`, import.meta.url), 'utf8');
    const definitions = parse(source).definitions.filter(
      (one): one is TypeDefinitionNode | DirectiveDefinitionNode =>
        one.kind === 'DirectiveDefinition' || one.kind.endsWith('TypeDefinition'),
    );
    const parts = definitions.flatMap((one) => partsOf(one as DefinitionWithParts));
    expect(parts.length).toBeGreaterThan(20);
    expect(parts.filter(([, { description }]) => wordsOf(description?.value) < 3).map(([name]) => name)).toEqual([]);
  });
});
