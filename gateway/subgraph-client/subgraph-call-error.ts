/** A call to a subgraph that brought no usable answer. */
export class SubgraphCallError extends Error {
  readonly code:
    | 'SUBGRAPH_UNAVAILABLE'
    | 'SUBGRAPH_TIMEOUT'
    | 'SUBGRAPH_CIRCUIT_OPEN'
    | 'SUBGRAPH_OVERLOADED'
    | 'GATEWAY_OVERLOADED'
    | 'MUTATION_ANSWER_DROPPED'
    | 'SUBGRAPH_MALFORMED_RESPONSE'
    | 'SUBGRAPH_LOST_OBJECT'
    | 'SUBGRAPH_REFUSED'
    | 'REQUEST_TOO_LARGE'
    | 'REQUEST_ABORTED';
  readonly service: string;
  /** Whether it was a mutation that may have been carried out, and that is not known again when it is sent again. */
  readonly mayHaveRun: boolean;

  constructor(code: SubgraphCallError['code'], service: string, options?: SubgraphCallErrorOptions) {
    super(explain(code, service, options), options);
    this.name = 'SubgraphCallError';
    this.code = code;
    this.service = service;
    this.mayHaveRun = options?.mayHaveRun === true;
  }
}

interface SubgraphCallErrorOptions extends ErrorOptions {
  /** @default false */
  readonly mayHaveRun?: boolean;
  /** Of HTTP, where that was all that it answered. */
  readonly status?: number;
}

function explain(code: SubgraphCallError['code'], service: string, options: SubgraphCallErrorOptions = {}): string {
  const { mayHaveRun, status } = options;
  if (mayHaveRun) {
    const what = code === 'SUBGRAPH_TIMEOUT' ? 'did not answer in time' : 'gave no answer';
    return `"${service}" ${what}. The mutation may have been carried out: look before you send it again.`;
  }
  if (code === 'SUBGRAPH_MALFORMED_RESPONSE' && status !== undefined)
    return `"${service}" answered with HTTP status ${status}, and with no GraphQL response.`;
  return sentenceOf(code, service);
}

/** What a client is told where a mutation of the same request has been carried out, or may have been. */
export const afterMutation = (message: string): string =>
  message.replace(
    tryAgain,
    'A mutation of this request may have been carried out: ask for what is missing, do not send it again.',
  );

const tryAgain = /Try again later.*$/;

/** What a client is told. */
export const sentenceOf = (code: SubgraphCallError['code'], service: string): string => sentences[code](service);

const sentences: Readonly<Record<SubgraphCallError['code'], (service: string) => string>> = {
  SUBGRAPH_UNAVAILABLE: (service) => `"${service}" cannot be reached at the moment. Try again later.`,
  SUBGRAPH_TIMEOUT: (service) => `"${service}" did not answer in time. Try again later.`,
  SUBGRAPH_CIRCUIT_OPEN: (service) => `"${service}" has not answered lately and is not asked for now. Try again later.`,
  SUBGRAPH_OVERLOADED: (service) => `Too many requests wait for "${service}". Try again later.`,
  GATEWAY_OVERLOADED: (service) =>
    `The answer of "${service}" is large, and there is no room for it beside others now. Try again later, or ask for less.`,
  MUTATION_ANSWER_DROPPED: (service) =>
    `The mutation has reached "${service}", whose answer is so large that there is no room for it now. Do not send it again: read what it has done.`,
  SUBGRAPH_MALFORMED_RESPONSE: (service) =>
    `"${service}" gave no answer that can be read: it is too large, or no GraphQL response that fits the schema.`,
  SUBGRAPH_LOST_OBJECT: (service) =>
    `"${service}" does not find this object again by its key. Ask again, or without @defer.`,
  SUBGRAPH_REFUSED: (service) => `"${service}" refused the request of this gateway.`,
  REQUEST_TOO_LARGE: (service) => `"${service}" does not read a request that is so large. Ask for less.`,
  REQUEST_ABORTED: (service) => `The request ended before "${service}" answered.`,
};
