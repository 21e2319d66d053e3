import { parse } from 'graphql';

/** As clients see it. Source: GraphQL, working draft of incremental delivery. */
export const deferDefinitions = parse(
  `"""Lets the rest of the answer be sent before these fields, where the client takes an answer in parts."""
   directive @defer(
     "Whether they may come later."
     if: Boolean! = true
     "Comes back with them. Unique in the document."
     label: String
   ) on FRAGMENT_SPREAD | INLINE_FRAGMENT`,
  { noLocation: true },
).definitions;
