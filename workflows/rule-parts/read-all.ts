import type { RuleGraph } from '../rule.ts';

/** One page is the most that a list gives. */
const pageSize = 200;

const filterTypes = {
  lots: 'LotFilter',
  deliveries: 'DeliveryFilter',
  workCenters: 'WorkCenterFilter',
  operations: 'OperationFilter',
} as const;

interface Page<Row> {
  readonly nodes: readonly Row[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Every row of a list: what is held must be held in all places, however many there are. */
export async function readAll<Row>(
  graph: RuleGraph,
  list: keyof typeof filterTypes,
  filter: Readonly<Record<string, unknown>>,
  fields: string,
): Promise<readonly Row[]> {
  const document = `query Whole($filter: ${filterTypes[list]}, $after: String) {
    ${list}(filter: $filter, first: ${pageSize}, after: $after) { nodes { ${fields} } pageInfo { hasNextPage endCursor } }
  }`;
  const found: Row[] = [];
  for (let after: string | null = null; ; ) {
    const answer: Readonly<Record<typeof list, Page<Row>>> = await graph.read(document, { filter, after });
    const { nodes, pageInfo } = answer[list];
    found.push(...nodes);
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
}

/** The same of a list of a lot. */
export async function readAllOf<Row extends { readonly id: string }>(
  graph: RuleGraph,
  lotId: string,
  list: 'deliveries' | 'operations' | 'inspectionLots' | 'holds',
  fields: string,
): Promise<readonly Row[]> {
  const document = `query RowsOfLot($id: ID!, $after: ID) {
    lot(id: $id) { ${list}(first: ${pageSize}, after: $after) { ${fields} } }
  }`;
  const found: Row[] = [];
  for (let after: string | null = null; ; ) {
    const answer: { readonly lot: Readonly<Partial<Record<typeof list, readonly Row[] | null>>> | null } =
      await graph.read(document, { id: lotId, after });
    const rows = answer.lot?.[list] ?? [];
    found.push(...rows);
    const last = rows.at(-1);
    if (!last || rows.length < pageSize) return found;
    after = last.id;
  }
}
