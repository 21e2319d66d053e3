import type { ServerResponse } from 'node:http';
import { type IncrementalAnswer, type IncrementalBatch, wholeAnswer } from '../execution/answer.ts';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { AnswerWriter, ShownPlan } from '../execution/write/answer-writer.ts';
import { asksForPlan, showPlan } from '../execution/write/show-plan.ts';
import { type IncrementalFormat, writeBatch, writeFirstPart, writeOnlyPart } from '../incremental/incremental-body.ts';
import type { UnsentAnswers } from '../server/unsent-answers.ts';
import type { AcceptedFormats } from './accepted-formats.ts';
import { AnswerBody } from './answer-body.ts';
import type { Exchange } from './exchange.ts';
import type { GraphQLEndpointOptions } from './graphql-endpoint-options.ts';
import { multipartEnd, multipartMixed, multipartPart, multipartStart } from './multipart.ts';
import type { OperationParams } from './operation-params.ts';
import { sendAnswer } from './send-answer.ts';
import { cancelOnClose } from './single-answer.ts';

export interface IncrementalRequest {
  readonly operation: CompiledOperation;
  /** Coerced. */
  readonly variables: Record<string, unknown>;
  readonly params: OperationParams;
  readonly accepted: AcceptedFormats;
  readonly format: IncrementalFormat;
}

/**
 * Answers in parts of `multipart/mixed`, each sent when it is ready. What turns out to have nothing deferred is sent as one
 * response, where the client takes such. @throws RequestError
 */
export async function answerInParts(
  exchange: Exchange,
  { operation, variables, params, accepted, format }: IncrementalRequest,
  options: Pick<GraphQLEndpointOptions, 'config' | 'answers' | 'unsent'>,
): Promise<void> {
  const { principal, request, requestId, response, forwarded, span, entry } = exchange;
  const cancellation = cancelOnClose(response);
  const context = { principal, requestId, cancellation, forwarded, span, entry };
  const answer: IncrementalAnswer = operation.executeIncrementally
    ? await operation.executeIncrementally(variables, context)
    : wholeAnswer(await operation.execute(variables, context));
  const header = request.headers['apollo-expose-query-plan']?.toString();
  const isShown = options.config.exposeQueryPlans && asksForPlan({ extensions: params.extensions, header });
  const shown = isShown ? showPlan(operation, variables, answer.first) : undefined;
  if (answer.pending.length === 0 && accepted.single) {
    const headers = { 'content-type': `${accepted.single}; charset=utf-8` };
    const body = options.answers.response(answer.first, shown);
    return sendAnswer(exchange, { status: 200, headers, body: new AnswerBody(body) }, options);
  }
  return sendParts(exchange, answer, { format, shown, ...options });
}

const specOf: Readonly<Record<IncrementalFormat, string>> = {
  '20220824': 'deferSpec=20220824',
  'v0.2': 'incrementalSpec=v0.2',
};

interface PartsForm {
  readonly format: IncrementalFormat;
  readonly shown: ShownPlan | undefined;
  readonly answers: AnswerWriter;
  readonly unsent: UnsentAnswers;
}

/** Not async: what is sent first may be large, and is kept only as what waits for the client. */
function sendParts(
  { response }: Exchange,
  answer: IncrementalAnswer,
  { format, shown, answers, unsent }: PartsForm,
): Promise<void> | undefined {
  if (response.destroyed) return undefined;
  response.writeHead(200, {
    'content-type': `${multipartMixed};${specOf[format]}`,
    'cache-control': 'no-cache, no-transform',
    // Proxies such as nginx would hold parts back.
    'x-accel-buffering': 'no',
  });
  const first =
    answer.pending.length === 0
      ? writeOnlyPart(answers, answer, shown)
      : writeFirstPart(answers, answer, format, shown);
  const sent = unsent.write(response, multipartStart + multipartPart(first));
  return sendRest(response, sent, {
    batches: answer.batches(),
    write: (batch) => unsent.write(response, multipartPart(writeBatch(answers, batch, format))),
  });
}

interface Rest {
  readonly batches: ReturnType<IncrementalAnswer['batches']>;
  write(batch: IncrementalBatch): Promise<void> | undefined;
}

/** A client that reads slowly is waited for: parts that are ready meanwhile go out together. */
async function sendRest(
  response: ServerResponse,
  sent: Promise<void> | undefined,
  { batches, write }: Rest,
): Promise<void> {
  try {
    await sent;
    for await (const batch of batches) await write(batch);
    response.end(multipartEnd);
  } catch (cause) {
    // Its head has left: only the missing end can tell the client.
    response.destroy();
    throw cause;
  }
}
