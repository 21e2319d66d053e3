import { setFlagsFromString } from 'node:v8';

export type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs');

/** V8's own default in Node 20. It is a matter of speed, so other versions may take it too. */
const defaultBudget = 1_800_000;
const neverReached = 2_000_000_000;

/**
 * V8 11 and 12 (Node 20 and 22) can end the process ("Deoptimizer::DoComputeBuiltinContinuation: unreachable code") when a
 * JavaScript function that calls WebAssembly is optimized with the call inlined, and then deoptimized. Measured with Node
 * 20: 13 of 15 processes within 8 s of new decisions, with and without the setting below; none without the inlining.
 */
function avoidInliningFault(): void {
  const major = Number(process.versions.v8.split('.')[0]);
  if (major < 13) setFlagsFromString('--no-turbo-inline-js-wasm-calls');
}

/**
 * Loads the Cedar engine without ever optimizing its machine code. V8 gives each WebAssembly module, at the moment of its
 * creation, the amount of work after which it optimizes a function. Cedar is large and its decisions are remembered, so
 * that is lost on it: measured with Node 20 and the shipped policies, start-up takes 25 MB and 0.3 s instead of 100 MB
 * and 0.7 s, a new decision 0.5 ms instead of 0.4 ms.
 */
export async function loadCedar(): Promise<Cedar> {
  avoidInliningFault();
  setFlagsFromString(`--wasm-tiering-budget=${neverReached}`);
  try {
    return await import('@cedar-policy/cedar-wasm/nodejs');
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${defaultBudget}`);
  }
}
