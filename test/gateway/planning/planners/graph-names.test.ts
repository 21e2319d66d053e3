import { parse, print, visit } from 'graphql';
import { describe, expect, it } from 'vitest';
import { largeSupergraph } from '../../../../bench/federation/large-supergraph.ts';
import { spreadGraphNames } from '../../../../gateway/planning/planners/graph-names.mjs';

const supergraph = `
"""Not @join__type(graph: ERP), and not ERP @join__graph(name: "x")."""
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT
# ERP @join__type(graph: ERP)
enum join__Graph {
  ERP @join__graph(name: "erp", url: "http://erp")
  MES
    @join__graph(name: "MES", url: "http://mes")
}
enum Place { ERP graph }
type ERP @join__type(graph: ERP, key: "id MES(of: \\"ERP)\\")") @join__type(key: "id", graph: MES) {
  id: ID!
  graph: ERP @join__field(graph: MES, override: "ERP") @owner(graph: ERP)
  MES: String @join__directive(graphs: [ERP, MES], name: "tag", args: { name: "ERP", ERP: true })
}`;

describe('the names under which the planner knows subgraphs', () => {
  it('change wherever they name one, and nowhere else', () => {
    const [erp = '', mes = ''] =
      spreadGraphNames(supergraph).match(/\w+(?=\s*@join__graph\(name: "(?:erp|MES)")/g) ?? [];
    const expected = supergraph
      .replace('  ERP @join__graph(name: "erp"', `  ${erp} @join__graph(name: "erp"`)
      .replace('  MES\n', `  ${mes}\n`)
      .replace('(graph: ERP, key', `(graph: ${erp}, key`)
      .replace('graph: MES) {', `graph: ${mes}) {`)
      .replace('@join__field(graph: MES', `@join__field(graph: ${mes}`)
      .replace('[ERP, MES]', `[${erp}, ${mes}]`);
    expect(spreadGraphNames(supergraph)).toBe(expected);
    expect(new Set([erp, mes, 'ERP', 'MES', '']).size).toBe(5);
  });

  it('are as many as before, of different lengths, and leave everything else as it was', () => {
    const sdl = largeSupergraph({ subgraphs: 32, types: 64 });
    const spread = spreadGraphNames(sdl);
    const names = [...spread.matchAll(/(\w+) @join__graph/g)].flatMap(([, name = '']) =>
      name === 'directive' ? [] : name,
    );
    expect(new Set(names.map((name) => name.length)).size).toBe(32);
    const back = new Map(names.map((name, index) => [name, `G${index}`]));
    const restored = visit(parse(spread), {
      EnumValueDefinition: (node) => ({
        ...node,
        name: { ...node.name, value: back.get(node.name.value) ?? node.name.value },
      }),
      EnumValue: (node) => ({ ...node, value: back.get(node.value) ?? node.value }),
    });
    expect(print(restored)).toBe(print(parse(sdl)));
  });
});
