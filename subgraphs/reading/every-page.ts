import type { Page, PageRequest } from '../../connectors/page.ts';

const pageSize = 200;

/** All rows of a list, page by page: for the few that are open at a time, never for what grows. */
export async function readEveryPage<Row>(
  list: (page: PageRequest) => Promise<Page<Row>>,
  keyOf: (row: Row) => string,
): Promise<readonly Row[]> {
  const all: Row[] = [];
  for (let after: string | null = null; ; ) {
    const { rows, hasNextPage } = await list({ first: pageSize, after });
    all.push(...rows);
    const last = rows.at(-1);
    if (!hasNextPage || !last) return all;
    after = keyOf(last);
  }
}
