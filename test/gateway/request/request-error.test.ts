import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { keepable, RequestError, withCode } from '../../../gateway/request/request-error.ts';

const found = validate(buildSchema('type Query { a: Int }'), parse('{ a nothing }'));

test('a refusal that is kept says what it said, and holds nothing of the document and of the calls that led to it', () => {
  const [said] = withCode(found, 'GRAPHQL_VALIDATION_FAILED');
  const kept = keepable(new RequestError(400, [said!]));
  expect(kept.errors[0]?.toJSON()).toEqual({
    message: 'Cannot query field "nothing" on type "Query".',
    locations: [{ line: 1, column: 5 }],
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
  expect(found[0]?.nodes).toHaveLength(1);
  for (const error of [said!, kept.errors[0]!]) {
    expect(error.nodes).toBeUndefined();
    expect(error.stack).not.toMatch(/\n\s+at /);
  }
  expect(kept).toMatchObject({ status: 400, message: 'Cannot query field "nothing" on type "Query".' });
  expect(kept.stack).not.toMatch(/\n\s+at /);
});

test('an error keeps its own code', () => {
  const [own] = withCode(withCode(found, 'FIRST'), 'SECOND');
  expect(own?.extensions['code']).toBe('FIRST');
});
