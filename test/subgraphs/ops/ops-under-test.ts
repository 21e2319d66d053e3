import { type ExecutionResult, execute, parse, subscribe, validate } from 'graphql';
import type { Principal } from '../../../auth/principal.ts';
import type { GraphReader } from '../../../subgraphs/graph-reader.ts';
import { createOpsSubgraph } from '../../../subgraphs/ops/index.ts';
import type { Subgraph } from '../../../subgraphs/subgraph.ts';
import { createExceptionPort } from '../../../workflows/exception-port.ts';
import { workflowMigrations } from '../../../workflows/migrations.ts';
import type { WorkflowTables } from '../../../workflows/tables.ts';
import { type DialectName, openTestJournal } from '../../support/database.ts';
import { somebody } from '../../support/somebody.ts';

export type Answer = Awaited<ReturnType<GraphReader['query']>>;

export function principal(over: Partial<Principal> = {}): Principal {
  return somebody({ id: 'ines.integration', roles: ['INTEGRATION_OPERATOR'], plants: ['BER'], ...over });
}

/** The subgraph on a real journal and a real store of workflows; the rest of the graph is what the test says it is. */
export async function openOps(dialect: DialectName = 'sqlite') {
  const place = await openTestJournal(dialect);
  const database = await place.storage.open<WorkflowTables>('workflows', workflowMigrations);
  const asked: { readonly document: string; readonly variables: Readonly<Record<string, unknown>> }[] = [];
  const rest: { answer: (document: string, variables: Readonly<Record<string, unknown>>) => Answer } = {
    answer: () => ({ data: null, errors: [] }),
  };
  const policies = {
    mayRead: () => ({ allowed: true }),
    mayTransition: ({ roles }: Principal) => ({ allowed: roles.includes('INTEGRATION_OPERATOR') }),
    mayOperate: ({ roles }: Principal) => ({ allowed: !roles.includes('OPERATOR') }),
  };
  const subgraph = createOpsSubgraph({
    journal: place.journal,
    runtime: place.runtime,
    policies,
    graph: {
      query: async (document, variables) => {
        asked.push({ document, variables });
        return rest.answer(document, variables);
      },
    },
    exceptions: createExceptionPort(database, place.runtime),
    ownership: [{ type: 'Lot', field: 'stock', system: 'ERP' }],
  });
  return { ...place, database, subgraph, rest, asked };
}

export async function ask(
  { schema, createContext }: Subgraph,
  source: string,
  variableValues: Record<string, unknown> = {},
  who: Principal = principal(),
  // biome-ignore lint/suspicious/noExplicitAny: what the graph answers is what the test is about
): Promise<ExecutionResult<any>> {
  const document = parse(source);
  const problems = validate(schema, document);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  const contextValue = createContext({ principal: who, requestId: 'R1', signal: AbortSignal.timeout(10_000) });
  return execute({ schema, document, variableValues, contextValue });
}

export async function follow(
  { schema, createContext }: Subgraph,
  source: string,
  signal: AbortSignal,
  who: Principal = principal(),
) {
  const contextValue = createContext({ principal: who, requestId: 'R1', signal });
  return subscribe({ schema, document: parse(source), contextValue });
}
