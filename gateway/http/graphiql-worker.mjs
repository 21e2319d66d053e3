// Renders the IDE in a thread of its own and packs it: the library holds 30 MB of source text, which go with the thread.
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

/** The library writes one page of 9 MB with the options in it. They are left to the page, so that the rest stays the same. */
const options = { title: 'Andon', favicon: 'data:,' };
const page = renderGraphiQL(options);

/** @param {string} text @param {string} from @param {string} to */
function between(text, from, to) {
  const start = text.indexOf(from);
  const end = text.lastIndexOf(to);
  if (start === -1 || end < start) throw new Error(`The page of GraphiQL has no ${from} any more.`);
  return text.slice(start + from.length, end);
}

const body = page.slice(page.indexOf('<div id="root"></div>'));
const whole = between(body, '<script>', '</script>');
const at = whole.lastIndexOf(JSON.stringify(options));
if (at === -1) throw new Error('The script of GraphiQL does not take its options any more.');
const script = `${whole.slice(0, at)}JSON.parse(document.getElementById("options").textContent)${whole.slice(at + JSON.stringify(options).length)}`;
const style = between(page.slice(0, page.indexOf('</head>')), '<style>', '</style>');

/** @param {string} text */
function pack(text) {
  const bytes = Buffer.from(text);
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  if (workerData.encoding === 'gzip') return { hash, bytes: new Uint8Array(gzipSync(bytes)) };
  // 5 of 11: a fifth less than gzip in about the same time.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return { hash, bytes: new Uint8Array(brotliCompressSync(bytes, { params })) };
}

parentPort?.postMessage({ script: pack(script), style: pack(style) });
