import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { isDecimal } from '../../connectors/decimal.ts';
import { readDate, readInstant } from './instant.ts';

/** The scalars of `common.graphql`: what comes in is checked and brought into one form, what goes out is passed on. */
export const scalars = {
  Decimal: textScalar('Decimal', 'a decimal number as text, for example "12.500"', (text) =>
    isDecimal(text) ? text : null,
  ),
  DateTime: textScalar('DateTime', 'ISO 8601 with offset, for example "2026-05-21T06:02:11.000Z"', readInstant),
  Date: textScalar('Date', 'a date as ISO 8601, for example "2026-05-21"', readDate),
  // The journal looks at it, so that an unusable cursor is INVALID_CURSOR wherever it comes from.
  EventCursor: textScalar('EventCursor', 'a cursor that a subscription or the journal gave, as text', (text) => text),
};

function textScalar(name: string, expected: string, read: (text: string) => string | null): GraphQLScalarType<string> {
  const parse = (value: unknown): string => {
    const text = typeof value === 'string' ? read(value) : null;
    if (text === null) throw new GraphQLError(`${name} must be ${expected}.`, { extensions: { code: 'BAD_INPUT' } });
    return text;
  };
  return new GraphQLScalarType<string>({
    name,
    serialize: String,
    parseValue: parse,
    parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : null),
  });
}
