import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Apollo Server in its CommonJS form. Its ES modules import those of other packages: 130 small files, which take 0.1 s of
 * each start.
 */
export const { ApolloServer, HeaderMap } = require('@apollo/server') as typeof import('@apollo/server');

export const { ApolloServerErrorCode } = require('@apollo/server/errors') as typeof import('@apollo/server/errors');

export const { ApolloServerPluginLandingPageDisabled } =
  require('@apollo/server/plugin/disabled') as typeof import('@apollo/server/plugin/disabled');
