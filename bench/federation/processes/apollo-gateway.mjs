// @apollo/gateway on Apollo Server, as its documentation sets it up. env: PORT, SUPERGRAPH (a file)
import { readFileSync } from 'node:fs';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

const gateway = new ApolloGateway({ supergraphSdl: readFileSync(process.env.SUPERGRAPH, 'utf8') });
const server = new ApolloServer({ gateway, nodeEnv: 'production', introspection: false });
await startStandaloneServer(server, {
  listen: { port: Number(process.env.PORT), host: '127.0.0.1', path: '/graphql' },
});
console.log('ready');
