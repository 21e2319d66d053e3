import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Says what came of the run in one line, `N passed, N failed[, N skipped]`, counted from what the runner reports: as the last
 * that is printed, or to the file that `npm test` names, which prints it when everything else has ended.
 */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else skipped += 1;
      }
    }
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    const file = process.env['ANDON_CLOSING_LINE_FILE'];
    if (file === undefined) process.on('exit', () => process.stdout.write(`${line}\n`));
    else writeFileSync(file, line);
  }
}

// Vitest loads a custom reporter by its default export.
// biome-ignore lint/style/noDefaultExport: the runner's contract
export default ClosingLineReporter;
