import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * These change what others in their process would share, or measure the process, or would abort it if their promise broke,
 * or start so many processes of their own that sharing one gains nothing.
 */
const alone = [
  'test/{journeys,runtime}/**/*.test.ts',
  'test/gateway/engine-without-*.test.ts',
  'test/gateway/late-handshakes.test.ts',
  'test/gateway/planning/planners/planner-process.test.ts',
  'test/gateway/subscriptions/soak.test.ts',
  'test/storage/postgres.test.ts',
];

/** Small files that take minutes come first: begun last, they would keep one worker waiting for the other. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // A file that stands alone, between others, would end the process that those share.
    const rank = ({ project, moduleId }: TestSpecification) =>
      moduleId.includes('/journeys/crash') ? 0 : project.name === 'alone' ? 1 : 2;
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

const all = ['test/**/*.test.ts'];

export default defineConfig({
  // Node loads graphql's CommonJS files; Vite would prefer the ES module beside them, a second and incompatible copy.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    setupFiles: ['test/support/property-seed.ts'],
    pool: 'forks',
    // One more than the cores that it is meant for: many tests wait for processes that they start.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Long, for machines that are busy with something else: what hangs is found all the same.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      // What nearly every file imports takes a second to load: once in each worker, instead of once in each file.
      { extends: true, test: { name: 'together', include: all, exclude: alone, isolate: false } },
    ],
  },
});
