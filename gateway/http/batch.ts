import { RequestError, refuse } from '../request/request-error.ts';
import { notAcceptable, readAcceptedFormats } from './accepted-formats.ts';
import { AnswerBody } from './answer-body.ts';
import type { Exchange } from './exchange.ts';
import type { GraphQLEndpointOptions } from './graphql-endpoint-options.ts';
import { readBodyParams } from './operation-params.ts';
import { sendAnswer } from './send-answer.ts';
import { answerSingle, cancelOnClose } from './single-answer.ts';

/**
 * Several operations in one request, as Apollo's clients batch them. Each is limited and answered on its own, in the
 * order asked; they run side by side. @throws RequestError
 */
export async function answerBatch(
  options: GraphQLEndpointOptions,
  exchange: Exchange,
  batch: readonly unknown[],
): Promise<void> {
  const { answers, config } = options;
  const { maxBatchSize } = config.limits;
  if (batch.length === 0) throw refuse(400, 'BAD_REQUEST', 'The list of operations is empty.');
  if (batch.length > maxBatchSize) {
    const allowed = maxBatchSize === 1 ? 'is' : 'are';
    throw refuse(
      400,
      'BATCH_LIMIT_EXCEEDED',
      `The request has ${batch.length} operations; ${maxBatchSize} ${allowed} allowed. Send several requests.`,
    );
  }
  const { single: format } = readAcceptedFormats(exchange.request.headers.accept);
  if (format === undefined) throw notAcceptable();
  const cancellation = cancelOnClose(exchange.response);
  const answerItem = async (item: unknown): Promise<string> => {
    try {
      return (
        await answerSingle(options, exchange, {
          params: readBodyParams(item),
          format,
          cancellation,
        })
      ).body.text;
    } catch (cause) {
      if (!(cause instanceof RequestError)) throw cause;
      return answers.refusal(cause.formatted);
    }
  };
  const body = `[${(await Promise.all(batch.map(answerItem))).map((text) => text.trim()).join(',')}]`;
  const headers = { 'content-type': `${format}; charset=utf-8` };
  return sendAnswer(exchange, { status: 200, headers, body: new AnswerBody(body) }, options);
}
