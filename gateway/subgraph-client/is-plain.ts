/**
 * Marks a response whose JSON text had no backslash: none of its strings needs an escape when it is written again. A
 * symbol, because a subgraph can name any other key.
 */
export const isPlain: unique symbol = Symbol('isPlain');
