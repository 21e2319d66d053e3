// Load where wrk is not installed. argv: url, connections, seconds, JSON text of the query, "distinct" or "equal",
// what each request brings as its authorization.
// Prints what the benchmark reads, as one line of JSON.
import { Pool } from 'undici';

const [url, connections, seconds, query, mode, authorization] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const pool = new Pool(origin, { connections: Number(connections) });
const latencies = [];
let count = 0;
let failed = 0;
const started = performance.now();
const end = started + Number(seconds) * 1000;
await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    while (performance.now() < end) {
      const sent = performance.now();
      if (mode === 'distinct') count += 1;
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: pathname,
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        body: `{"query":${query},"variables":{"first":${5 + 1000 * count}}}`,
      });
      await body.arrayBuffer();
      if (statusCode !== 200) failed += 1;
      latencies.push(performance.now() - sent);
    }
  }),
);
const elapsedMs = performance.now() - started;
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
const requests = latencies.length;
console.log(JSON.stringify({ requests, failed, seconds: elapsedMs / 1000, p50Ms: at(0.5), p99Ms: at(0.99) }));
await pool.close();
