import { type RequestError, refuse } from '../request/request-error.ts';

/** Levels of objects and lists: more than any input type needs, fewer than what writing the values again can descend. */
const maxLevels = 200;

/**
 * Parses JSON of a client. Its values are walked and written again by functions that call themselves for each level, here
 * and in subgraphs, so its nesting is bounded.
 * @param what it is, for the refusal: `The body`
 * @throws RequestError 400 it is none, or nested too deep
 */
export function parseJson(text: string, what: string): unknown {
  const value = parse(text, what);
  const refusal = refuseNesting(text);
  if (refusal) throw refusal;
  return value;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse(400, 'BAD_REQUEST', `${what} is not valid JSON.`);
  }
}

/** @returns undefined where `text`, which is known to be JSON, is flat enough */
export function refuseNesting(text: string): RequestError | undefined {
  // Each level takes two characters at least.
  if (text.length <= 2 * maxLevels || levelsOf(text) <= maxLevels) return undefined;
  return refuse(
    400,
    'DEPTH_LIMIT_EXCEEDED',
    `The JSON is nested deeper than ${maxLevels} levels. Send flatter variables.`,
  );
}

/** The deepest nesting in a text that is known to be JSON. */
function levelsOf(text: string): number {
  let level = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at);
        break;
      case openBrace:
      case openBracket:
        level += 1;
        if (level > deepest) deepest = level;
        break;
      case closeBrace:
      case closeBracket:
        level -= 1;
    }
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [34, 92, 123, 125, 91, 93];
