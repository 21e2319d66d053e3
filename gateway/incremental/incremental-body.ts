import type { FinishedPart, IncrementalAnswer, IncrementalBatch, PendingPart } from '../execution/answer.ts';
import type { AnswerWriter, ShownPlan } from '../execution/write/answer-writer.ts';

/**
 * How parts are written: as Apollo's clients and graphql-js 17.0.0-alpha.2 have it (`deferSpec=20220824`), or by the
 * working draft of the specification and later alphas (`incrementalSpec=v0.2`).
 */
export type IncrementalFormat = '20220824' | 'v0.2';

/** The first part. Where nothing follows it is a response like any other. */
export function writeFirstPart(
  answers: AnswerWriter,
  { first, pending }: IncrementalAnswer,
  format: IncrementalFormat,
  shown?: ShownPlan,
): string {
  const body = answers.response(first, shown);
  if (pending.length === 0) return body;
  return withMembers(body, [...announce(pending, format), '"hasNext":true']);
}

/** The first part where the client awaits parts and nothing follows it. */
export const writeOnlyPart = (answers: AnswerWriter, { first }: IncrementalAnswer, shown?: ShownPlan) =>
  withMembers(answers.response(first, shown), ['"hasNext":false']);

export function writeBatch(answers: AnswerWriter, batch: IncrementalBatch, format: IncrementalFormat): string {
  const { finished, pending, sources, hasNext } = batch;
  const parts =
    format === 'v0.2'
      ? [...announce(pending, format), ...finishById(answers, finished)]
      : finishByPath(answers, finished);
  const extensions = sources.length > 0 ? [`"extensions":${JSON.stringify({ sources })}`] : [];
  return `{${[...parts, ...extensions, `"hasNext":${hasNext}`].join(',')}}`;
}

function announce(pending: readonly PendingPart[], format: IncrementalFormat): string[] {
  if (format !== 'v0.2' || pending.length === 0) return [];
  return [`"pending":${JSON.stringify(pending.map(({ id, path, label }) => ({ id, path, label })))}`];
}

function finishByPath(answers: AnswerWriter, finished: readonly FinishedPart[]): string[] {
  const parts = finished.map(({ data, path, label, errors }) => {
    const named = label === undefined ? '' : `,"label":${JSON.stringify(label)}`;
    return `{"data":${data},"path":${JSON.stringify(path)}${named}${errorsMember(answers, errors)}}`;
  });
  return [`"incremental":[${parts.join(',')}]`];
}

/** A part whose null reached the edge of its fragment is completed with its errors, and has no data. */
function finishById(answers: AnswerWriter, finished: readonly FinishedPart[]): string[] {
  const delivered = finished.filter(({ data }) => data !== 'null');
  const incremental = delivered.map(
    ({ id, data, errors }) => `{"id":"${id}","data":${data}${errorsMember(answers, errors)}}`,
  );
  const completed = finished.map(
    ({ id, data, errors }) => `{"id":"${id}"${data === 'null' ? errorsMember(answers, errors) : ''}}`,
  );
  return [
    ...(incremental.length > 0 ? [`"incremental":[${incremental.join(',')}]`] : []),
    `"completed":[${completed.join(',')}]`,
  ];
}

const errorsMember = (answers: AnswerWriter, errors: FinishedPart['errors']) =>
  errors.length === 0 ? '' : `,"errors":${answers.errorList(errors)}`;

const withMembers = (body: string, members: readonly string[]) => `${body.slice(0, -1)},${members.join(',')}}`;
