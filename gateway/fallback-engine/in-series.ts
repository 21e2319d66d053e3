import { type DocumentNode, type FormattedExecutionResult, type GraphQLFormattedError, Kind } from 'graphql';
import { fragmentsOf, rootFieldsApart } from '../planning/plannable.ts';

/**
 * One document for each root field of a mutation. Apollo's planner (2.14.4) asks a subgraph for all of its fields that
 * stand side by side at once, and then reads what belongs to the first after what the second has changed: each field has to
 * be complete before the next begins (specification, 6.2.2).
 */
export function inSeries(document: DocumentNode): readonly DocumentNode[] {
  const fragments = fragmentsOf(document);
  const [operation] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || operation.operation !== 'mutation') return [document];
  return rootFieldsApart(operation, fragments).map((selections) => ({
    ...document,
    definitions: [{ ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } }, ...fragments.values()],
  }));
}

/** The results of all as one. Where a field that may not be null fails, those after it are not run. */
export async function oneAfterTheOther(
  documents: readonly DocumentNode[],
  run: (document: DocumentNode, index: number) => Promise<FormattedExecutionResult>,
): Promise<FormattedExecutionResult> {
  const results: FormattedExecutionResult[] = [];
  for (const [index, document] of documents.entries()) {
    const result = await run(document, index);
    results.push(result);
    if (!result.data) break;
  }
  const [only, ...others] = results;
  return only && others.length === 0 ? only : joined(results);
}

function joined(results: readonly FormattedExecutionResult[]): FormattedExecutionResult {
  const isWhole = results.every(({ data }) => data);
  const errors = results.flatMap((result) => result.errors ?? []);
  const completions = results.flatMap(({ extensions }): readonly GraphQLFormattedError[] => {
    const told = extensions?.['valueCompletion'];
    return Array.isArray(told) ? told : [];
  });
  return {
    data: isWhole ? Object.fromEntries(results.flatMap(({ data }) => Object.entries(data ?? {}))) : null,
    ...(errors.length > 0 && { errors }),
    extensions: { valueCompletion: completions },
  };
}
