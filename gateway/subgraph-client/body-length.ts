/** How long the text of a large response was. A symbol, because a subgraph can name any other key. */
export const bodyLength: unique symbol = Symbol('bodyLength');
