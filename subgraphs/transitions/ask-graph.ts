import type { GraphReader } from '../graph-reader.ts';
import type { GuardContext } from './transition.ts';

export type GraphData = Readonly<Record<string, unknown>>;

/** Asks the rest of the graph. @returns nothing at all when nobody answers: a guard that needs a fact then refuses */
export async function askGraph(
  { graph, principal, signal }: Pick<GuardContext, 'graph' | 'principal' | 'signal'>,
  document: string,
  variables: Parameters<GraphReader['query']>[1],
): Promise<GraphData> {
  try {
    return (await graph.query(document, variables, principal, signal)).data ?? {};
  } catch {
    return {};
  }
}
