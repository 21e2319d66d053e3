import { BoundedCache } from '../../runtime/bounded-cache.ts';
import type { Logger } from '../../runtime/logger.ts';
import { type LabelledOperation, operationLabel } from '../request/operation-label.ts';
import type { RequestError } from '../request/request-error.ts';

/** Operations that it remembers; one more costs a second line in the log. */
const maxTold = 10_000;

/** What `costMode: measure` writes: each operation above the limit once, also after a new supergraph. */
export class CostReport {
  readonly #log: Logger;
  readonly #told = new BoundedCache<true>(maxTold);

  constructor(log: Logger) {
    this.#log = log;
  }

  tell(operation: LabelledOperation, { message: problem }: RequestError): void {
    const label = operationLabel(operation);
    const key = `${label.sha256} ${label.operation}`;
    if (this.#told.get(key)) return;
    this.#told.set(key, true);
    this.#log.warn('operation over its cost limit', { ...label, problem });
  }
}
