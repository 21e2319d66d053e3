#!/usr/bin/env node
// The command line's entry: makes sure that the clone is installed and built, then hands over.
import { readFileSync } from 'node:fs';
import { ensureBuilt, runBuildCommand } from './build.mjs';

const [command, ...options] = process.argv.slice(2);
if (command === 'build') runBuildCommand(options);
else if (command === '--version') {
  const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
} else {
  ensureBuilt();
  await import(new URL('./dist/cli.js', import.meta.url).href);
}
