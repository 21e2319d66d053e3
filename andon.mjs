#!/usr/bin/env node
// The command line's entry: makes sure that the clone is installed and built, then hands over.
import { ensureBuilt, runBuildCommand } from './build.mjs';

const [command, ...options] = process.argv.slice(2);
if (command === 'build') runBuildCommand(options);
else {
  ensureBuilt();
  await import(new URL('./dist/cli.js', import.meta.url).href);
}
