import type { GraphClient } from '../../workflows/client.ts';

/** How the graph answers one asking of a transition. Settled keys get their first answer, whatever is said here. */
export type Reply =
  | 'ACCEPT'
  /** Done, and the answer is lost on the way. */
  | 'LOSE_ANSWER'
  | 'UNREACHABLE'
  | 'PENDING'
  | { readonly reject: string; readonly message?: string };

export interface Asked {
  readonly mutation: string;
  readonly key: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

interface Settled {
  readonly outcome: 'ACCEPTED' | 'REJECTED';
  readonly rejections: readonly object[];
}

/** The graph behind the narrow interface: it keeps its answers by key, as the executor of transitions does. */
export class FakeGraph implements GraphClient {
  readonly asked: Asked[] = [];
  /** What was really done, in order. */
  readonly effects: Asked[] = [];
  readonly principals = new Set<string>();
  reply: (asked: Asked) => Reply | Promise<Reply> = () => 'ACCEPT';
  read: (document: string, variables: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>> =
    () => ({});
  readonly #settled = new Map<string, Settled>();

  async query(...[document, variables, principal]: Parameters<GraphClient['query']>) {
    this.principals.add(`${principal.id} ${principal.kind}`);
    const mutation = /^mutation \w+\(\$input: (\w+)Input!/.exec(document)?.[1];
    if (!mutation) return { data: this.read(document, variables), errors: [] };
    const name = `${mutation.charAt(0).toLowerCase()}${mutation.slice(1)}`;
    const meta = variables['meta'] as Asked['meta'];
    const asked: Asked = {
      mutation: name,
      key: String(meta['idempotencyKey']),
      input: variables['input'] as Asked['input'],
      meta,
    };
    this.asked.push(asked);
    const reply = this.#settled.has(asked.key) ? 'ACCEPT' : await this.reply(asked);
    const known = this.#settled.get(asked.key); // perhaps by another asking meanwhile
    if (known) return { data: { [name]: answer(known, 'DUPLICATE') }, errors: [] };
    if (reply === 'UNREACHABLE') throw new Error('connect ECONNREFUSED');
    if (reply === 'PENDING') return { data: { [name]: pending }, errors: [] };
    const settled = this.#settle(asked, reply);
    if (reply === 'LOSE_ANSWER') throw new Error('socket hang up');
    return { data: { [name]: answer(settled, settled.outcome) }, errors: [] };
  }

  /** What was done in an earlier life. */
  remember(key: string): void {
    this.#settled.set(key, { outcome: 'ACCEPTED', rejections: [] });
  }

  /** The keys under which `mutation` was asked, each once, in order. */
  keysOf(mutation: string): readonly string[] {
    return [...new Set(this.asked.filter((one) => one.mutation === mutation).map(({ key }) => key))];
  }

  #settle(asked: Asked, reply: Exclude<Reply, 'UNREACHABLE' | 'PENDING'>): Settled {
    if (typeof reply === 'string') this.effects.push(asked);
    const settled: Settled =
      typeof reply === 'string'
        ? { outcome: 'ACCEPTED', rejections: [] }
        : { outcome: 'REJECTED', rejections: [rejection(reply.reject, reply.message)] };
    this.#settled.set(asked.key, settled);
    return settled;
  }
}

const pending = { outcome: 'PENDING', originalOutcome: 'PENDING', transitionId: 'T', rejections: [] };

function answer({ outcome: originalOutcome, rejections }: Settled, outcome: string) {
  return { outcome, originalOutcome, transitionId: 'T', rejections };
}

function rejection(code: string, message = 'It does not go.') {
  return { code, system: 'ERP', message, remediation: 'Do something about it.' };
}
