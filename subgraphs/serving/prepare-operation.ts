import type { DocumentNode, GraphQLFormattedError, GraphQLSchema, OperationTypeNode } from 'graphql';
import {
  GraphQLError,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';

/** A gateway sends the same few hundred texts again and again. */
const rememberedDocuments = 1_000;

export type Prepared = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLFormattedError[] };

/**
 * Parses and checks query texts, each once. Introspection is off: composition reads the SDL files, so nobody has a reason
 * to ask a running subgraph.
 */
export function createOperationPreparer(schema: GraphQLSchema): (query: string) => Prepared {
  const rules = [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const known = new Map<string, Prepared>();

  function prepare(query: string): Prepared {
    try {
      const document = parse(query, { noLocation: true });
      const errors = validate(schema, document, rules);
      if (errors.length === 0) return { document };
      return { errors: errors.map((error) => refusal(error, 'GRAPHQL_VALIDATION_FAILED')) };
    } catch (error) {
      if (error instanceof GraphQLError) return { errors: [refusal(error, 'GRAPHQL_PARSE_FAILED')] };
      throw error;
    }
  }

  return (query) => {
    const before = known.get(query);
    if (before) return before;
    const prepared = prepare(query);
    // Emptied rather than sorted by use: filling it again takes some milliseconds, and happens to nobody but an attacker.
    if (known.size >= rememberedDocuments) known.clear();
    known.set(query, prepared);
    return prepared;
  };
}

/** @returns null for a document with no operation of that name, or with several where none is named */
export function operationType(document: DocumentNode, operationName: string | undefined): OperationTypeNode | null {
  return getOperationAST(document, operationName)?.operation ?? null;
}

function refusal({ message }: GraphQLError, code: string): GraphQLFormattedError {
  return { message, extensions: { code } };
}
