import { writeFileSync } from 'node:fs';
import { endWithReader } from '../../runtime/end-with-reader.ts';
import { parseOptions } from '../../runtime/parse-options.ts';
import { UsageError } from '../../runtime/usage-error.ts';
import { composeSupergraph } from '../supergraph/compose.ts';

const composeHelp = `andon compose --config supergraph.yaml --output FILE

Composes the subgraphs that the file names (in the format of the Rover command line) into one supergraph, and checks
that everything has one owner.

  --config FILE  the list of subgraphs
  --output FILE  where the supergraph is written; without it, standard output
  --hints        print what composition remarks on without refusing it, such as descriptions that differ
  --help         this text
`;

/** `andon compose …` @throws CompositionError, ConfigFileError, UsageError */
export async function runComposeCommand(argv: string[]): Promise<void> {
  const { values } = parseOptions({
    args: argv,
    options: {
      config: { type: 'string' },
      output: { type: 'string' },
      hints: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(composeHelp);
  if (values.config === undefined) throw new UsageError('Name the subgraphs: andon compose --config supergraph.yaml.');
  const { sdl, hints, warnings } = await composeSupergraph(values.config);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  if (values.hints) for (const hint of hints) process.stderr.write(`hint: ${hint}\n`);
  if (values.output === undefined) {
    endWithReader();
    process.stdout.write(sdl);
  } else {
    writeFileSync(values.output, sdl);
    process.stderr.write(`andon compose: wrote ${values.output}.\n`);
  }
}
