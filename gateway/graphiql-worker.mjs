// Renders the IDE's page in a thread of its own: the library holds 30 MB of source text, which go with the thread.
import { parentPort, workerData } from 'node:worker_threads';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

const page = new TextEncoder().encode(renderGraphiQL(workerData));
parentPort?.postMessage(page, [page.buffer]);
