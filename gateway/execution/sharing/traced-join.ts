import type { Span } from '../../request/span.ts';

/**
 * Waits for equal work that was begun for another: its calls are part of that one's trace, so this one has a span for the
 * wait, with a link to it.
 */
export async function tracedJoin<T>(span: Span, leader: Span | undefined, result: Promise<T>): Promise<T> {
  const wait = span.child({ name: 'join', kind: 'internal', link: leader });
  try {
    return await result;
  } finally {
    wait.end();
  }
}
