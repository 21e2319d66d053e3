import { GraphQLScalarType } from 'graphql';

/** What leaves is plain JSON already. Nothing takes it as an argument, so nothing is parsed. */
export const jsonScalar = new GraphQLScalarType<unknown>({ name: 'JSON', serialize: (value) => value });
