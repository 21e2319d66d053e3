#!/usr/bin/env node
// The command line's entry: makes sure that the clone is installed and built, then hands over.
import { ensureBuilt } from './build.mjs';

ensureBuilt();
if (process.argv[2] !== 'build') await import(new URL('./dist/cli.js', import.meta.url).href);
