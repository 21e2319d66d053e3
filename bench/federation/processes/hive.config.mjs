// @graphql-hive/gateway. env: SUPERGRAPH (a file), RUNTIME (stitching, or rust for the planner of Hive Router),
// SHARE (1: equal requests in flight are answered once)
import { defineConfig } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

export const gatewayConfig = defineConfig({
  supergraph: process.env.SUPERGRAPH,
  ...(process.env.RUNTIME === 'rust' && { unifiedGraphHandler }),
  inboundInflightRequestDeduplication: process.env.SHARE === '1',
});
