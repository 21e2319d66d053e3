import { getHeapStatistics } from 'node:v8';
import type { Runtime } from '../../runtime/runtime.ts';
import { SeldomWarning } from '../../runtime/seldom-warning.ts';
import { Turns } from '../../runtime/turns.ts';
import type { SubgraphsConfig } from '../config.ts';
import type { PlannedRequest } from '../planning/plan.ts';
import { bodyLength } from './body-length.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';

/** Smaller ones are not counted: they are most of what comes, and never enough of them are there at once. */
export const largeBytes = 65_536;

/** From so many bytes on, reading and joining an answer holds the event loop for more than ten milliseconds. */
export const longBytes = 1_048_576;

/** What has been done cannot be asked for again: mutations have room beyond that of the others. */
const mutationShare = 1.5;

export type OperationKind = PlannedRequest['operationKind'];

/** The refusal of an answer for which there is no room. */
export const noRoom = (kind: OperationKind, service: string, options?: ErrorOptions): SubgraphCallError =>
  new SubgraphCallError(kind === 'mutation' ? 'MUTATION_ANSWER_DROPPED' : 'GATEWAY_OVERLOADED', service, options);

/** What works with responses, and holds them until it is done. */
export interface Holder {
  /** Of large ones. Undefined once it is done. */
  heldBytes: number | undefined;
}

/**
 * The memory for large answers of subgraphs: while they arrive, and while operations work with them. As objects they take
 * up to nine times what they took as text, so that a few dozen of ten megabytes at once would need more than there is. One for
 * which there is no room beside the others is refused, those of mutations last.
 */
export class AnswerRoom {
  readonly #limit: number;
  readonly #warning: SeldomWarning;
  /** Copies of large responses for which room has been taken. */
  readonly #taken = new WeakSet<SubgraphResponse>();
  /** Long ones are read one a turn, so that others are answered in between. */
  readonly turns = new Turns();
  #bytes = 0;

  constructor(config: SubgraphsConfig, runtime: Pick<Runtime, 'clock' | 'log'>) {
    const { maxResponseBytes, maxTotalResponseBytes } = config;
    // Small objects take nine times their text: so much of it fills half of the heap.
    const fitting = Math.min(maxTotalResponseBytes, getHeapStatistics().heap_size_limit / 16);
    this.#limit = Math.max(maxResponseBytes, fitting);
    if (maxTotalResponseBytes < maxResponseBytes) {
      const event = 'maxTotalResponseBytes is less than one answer may have: maxResponseBytes holds for all together';
      runtime.log.warn(event, { maxTotalResponseBytes, maxResponseBytes });
    }
    this.#warning = new SeldomWarning('large answers of subgraphs are refused', runtime);
  }

  /** @returns false where there is no room */
  take(bytes: number, kind: OperationKind): boolean {
    const limit = kind === 'mutation' ? this.#limit * mutationShare : this.#limit;
    const fits = this.#bytes + bytes <= limit;
    if (fits) this.#bytes += bytes;
    else this.#warning.tell({ bytes: this.#bytes, limit });
    return fits;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Takes room for what the holder works with until `release`. @returns false where there is none: see `noRoom` */
  hold(holder: Holder, response: SubgraphResponse, kind: OperationKind): boolean {
    const bytes = response[bodyLength];
    if (bytes === undefined) return true;
    if (!this.#taken.delete(response) && !this.take(bytes, kind)) return false;
    // It may be done while calls of it still run.
    if (holder.heldBytes === undefined) this.giveBack(bytes);
    else holder.heldBytes += bytes;
    return true;
  }

  release(holder: Holder): void {
    if (holder.heldBytes) this.giveBack(holder.heldBytes);
    holder.heldBytes = undefined;
  }

  /** For who is to hold the same. Where there is no room, `hold` will say so: nothing is copied. */
  copy(response: SubgraphResponse, copyOf: (response: SubgraphResponse) => SubgraphResponse): SubgraphResponse {
    const bytes = response[bodyLength];
    if (bytes === undefined) return copyOf(response);
    if (!this.take(bytes, 'query')) return { [bodyLength]: Number.POSITIVE_INFINITY };
    const copy = copyOf(response);
    this.#taken.add(copy);
    return copy;
  }
}
