import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { RequestError, refuse, withCode } from '../request/request-error.ts';

/** Parses a document of at most `maxTokens` tokens. @throws RequestError */
export function parseDocument(text: string, maxTokens: number): DocumentNode {
  try {
    return parse(text, { maxTokens });
  } catch (cause) {
    if (isStackOverflow(cause)) throw nestedTooDeep();
    if (!(cause instanceof GraphQLError)) throw cause;
    if (isTokenLimit(cause)) throw tokenLimitExceeded(maxTokens);
    throw new RequestError(400, withCode([cause], 'GRAPHQL_PARSE_FAILED'));
  }
}

/** Parser and measure descend by calling themselves: a document can be deeper than the stack before it is too long. */
export function isStackOverflow(cause: unknown): boolean {
  if (cause instanceof RangeError) return true;
  // Apollo Server reports what its parser threw as an error of syntax, with nothing but the message.
  return cause instanceof GraphQLError && /^(?:Syntax Error: )?Maximum call stack size exceeded/.test(cause.message);
}

export function nestedTooDeep(): RequestError {
  return refuse(400, 'DEPTH_LIMIT_EXCEEDED', 'The document is nested too deep to be read. Ask for fewer levels.');
}

/** graphql-js has no code for it. */
export function isTokenLimit({ message }: { readonly message: string }): boolean {
  return message.includes('Document contains more that') || message.includes('Document contains more than');
}

export function tokenLimitExceeded(maxTokens: number): RequestError {
  return refuse(400, 'TOKEN_LIMIT_EXCEEDED', `The document has more than ${maxTokens} tokens. Send smaller requests.`);
}
