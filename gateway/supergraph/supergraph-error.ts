import { buildASTSchema, GraphQLError, parse, validateSchema } from 'graphql';

/** A supergraph that cannot be served. */
export class SupergraphError extends Error {
  readonly code = 'SUPERGRAPH_INVALID';

  constructor(reason: string, remedy = 'Compose it with "andon compose" or the Rover command line.') {
    super(`The supergraph cannot be used: ${toSentence(reason)} ${remedy}`);
    this.name = 'SupergraphError';
  }
}

/** Characters of a reason: libraries add every consequence of the first mistake. */
const maxReason = 600;

/** One line, without the pieces of source that libraries show below their messages. */
function toSentence(reason: string): string {
  const lines = reason.split('\n').filter((line) => !/^\s*\d*\s*\||^GraphQL request:/.test(line));
  const line = lines.join(' ').replace(/\s+/g, ' ').trim();
  const text = line.length > maxReason ? `${line.slice(0, maxReason)}…` : line;
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/**
 * The first mistake of a supergraph that somebody has refused to load, with its place where there is one. Not looked for
 * before: what composition makes is valid, and to see that takes as long as everything else.
 * @returns undefined where it is valid GraphQL
 */
export function findMistake(sdl: string): string | undefined {
  try {
    const [error] = validateSchema(buildASTSchema(parse(sdl)));
    return error && describe(error);
  } catch (cause) {
    return describe(cause);
  }
}

function describe(cause: unknown): string {
  const [first = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n\n');
  const [place] = cause instanceof GraphQLError ? (cause.locations ?? []) : [];
  return place ? `${first.replace(/\.$/, '')} (line ${place.line}, column ${place.column})` : first;
}
