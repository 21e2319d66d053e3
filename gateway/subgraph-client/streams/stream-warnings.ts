import type { Runtime } from '../../../runtime/runtime.ts';
import { SeldomWarning } from '../../../runtime/seldom-warning.ts';
import { SubgraphCallError } from '../subgraph-call-error.ts';
import { describeStreamFailure } from './describe-stream-failure.ts';

/** Of which stream it is told. */
export interface FailedStream {
  readonly subgraph: string;
  readonly protocol: string;
  readonly url: string;
}

/** Kinds of failure that are told apart at once. Close codes are the subgraph's to choose. */
const maxKinds = 32;

/** Tells the log why streams of one subgraph fail: each kind of failure once a minute, however many clients ask again. */
export class StreamWarnings {
  readonly #stream: FailedStream;
  readonly #runtime: Pick<Runtime, 'clock' | 'log'>;
  readonly #byKind = new Map<string, SeldomWarning>();

  constructor(stream: FailedStream, runtime: Pick<Runtime, 'clock' | 'log'>) {
    this.#stream = stream;
    this.#runtime = runtime;
  }

  /** What the subgraph refused by errors of its own is told with these, and what is our fault by who finds it. */
  tell(problem: unknown, requestId: string): void {
    if (!(problem instanceof SubgraphCallError)) return;
    const { code } = problem;
    const failure = describeStreamFailure(problem.cause);
    this.#warningOf(`${code} ${failure.kind}`).tell({ ...this.#stream, requestId, code, ...failure.fields });
  }

  #warningOf(kind: string): SeldomWarning {
    const known = this.#byKind.get(kind);
    if (known) return known;
    if (this.#byKind.size >= maxKinds) this.#byKind.clear();
    const warning = new SeldomWarning('subscription of a subgraph failed', this.#runtime);
    this.#byKind.set(kind, warning);
    return warning;
  }
}
