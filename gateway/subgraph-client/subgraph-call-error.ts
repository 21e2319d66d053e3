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
    | 'REQUEST_ABORTED';
  readonly service: string;

  constructor(code: SubgraphCallError['code'], service: string, options?: ErrorOptions) {
    super(sentenceOf(code, service), options);
    this.name = 'SubgraphCallError';
    this.code = code;
    this.service = service;
  }
}

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
  SUBGRAPH_MALFORMED_RESPONSE: (service) => `"${service}" gave an answer that does not fit the schema.`,
  SUBGRAPH_LOST_OBJECT: (service) =>
    `"${service}" does not find this object again by its key. Ask again, or without @defer.`,
  SUBGRAPH_REFUSED: (service) => `"${service}" refused the request of this gateway.`,
  REQUEST_ABORTED: (service) => `The request ended before "${service}" answered.`,
};
