import type { Run } from './run.ts';

/** One compiled node of a plan. `undefined` says that there was nothing to wait for. */
export type Step = (run: Run) => Promise<void> | undefined;
