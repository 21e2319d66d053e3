import { systemClock } from '../runtime/clock.ts';
import { parseOptions } from '../runtime/parse-options.ts';
import { UsageError } from '../runtime/usage-error.ts';
import { AuthConfigurationError } from './auth-configuration-error.ts';
import type { AuthConfig } from './config.ts';
import { readAuthConfig } from './config.ts';
import { readDevelopmentKeys } from './development-keys.ts';
import type { DevelopmentPerson } from './development-tokens.ts';
import { signDevelopmentToken } from './development-tokens.ts';
import { roles } from './principal.ts';

const clientRoles = roles.filter((role) => role !== 'WORKFLOW');

const help = `andon token: prints a development token, for trying Andon out.

  andon token --role OPERATOR --plant BER
  andon token --role QUALITY_MANAGER --plant BER --plant LYO --name 'Mara Manager' --hours 2
  andon token --role PARTNER --plant BER --partner CM-400

  --role ROLE       what the person may do, can be repeated: ${clientRoles.slice(0, 4).join(', ')},
                    ${clientRoles.slice(4).join(', ')}
  --plant CODE      where, can be repeated; '*' for every plant
  --name NAME       the name in the audit trail (default: the first role)
  --id ID           who it is for idempotency and four-eyes rules (default: made from the name)
  --partner NUMBER  the partner number; the token then sees that partner's rows only
  --scope SCOPE     an OAuth scope, can be repeated
  --hours N         how long it is valid (default: 12)
  --data-dir DIR    whose development keys sign it (default: ANDON_DATA_DIR or .andon)
  --help            this text

Development tokens work only where no production keys are configured.
`;

export interface TokenCommandOptions {
  /** @default what the environment says */
  readonly config?: AuthConfig;
  readonly write?: (text: string) => void;
  readonly writeError?: (text: string) => void;
}

/**
 * `andon token`: writes one token and a line end to standard output, problems to standard error.
 *
 * @param argv what follows `token` on the command line
 * @returns the exit code: 0, or 1 after a refusal that has been explained
 * @throws UsageError, or the error of `parseArgs` for an option without its value
 */
export async function runTokenCommand(argv: readonly string[], options: TokenCommandOptions = {}): Promise<number> {
  const { write = (text) => process.stdout.write(text), writeError = (text) => process.stderr.write(text) } = options;
  try {
    write(await answer(argv, options.config));
    return 0;
  } catch (error) {
    if (!(error instanceof AuthConfigurationError)) throw error;
    writeError(`andon token: ${error.message}\n`);
    return 1;
  }
}

async function answer(argv: readonly string[], given: AuthConfig | undefined): Promise<string> {
  const values = parseCommandLine(argv);
  if (values.help) return help;
  const config = given ?? readAuthConfig();
  if (config.issuers.length > 0) {
    const issuers = config.issuers.map(({ issuer }) => issuer).join(', ');
    throw new AuthConfigurationError(
      `Production keys are configured, so development tokens are not accepted. Get a token from ${issuers}.`,
    );
  }
  const person = readPerson(values);
  const hours = readHours(values.hours);
  const keys = await readDevelopmentKeys(values['data-dir'] ?? config.dataDir);
  return `${signDevelopmentToken(person, { keys, clock: systemClock, hours })}\n`;
}

function parseCommandLine(argv: readonly string[]) {
  return parseOptions({
    args: [...argv],
    options: {
      role: { type: 'string', multiple: true },
      plant: { type: 'string', multiple: true },
      scope: { type: 'string', multiple: true },
      name: { type: 'string' },
      id: { type: 'string' },
      partner: { type: 'string' },
      hours: { type: 'string' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}

type Values = ReturnType<typeof parseCommandLine>;

function readPerson(values: Values): DevelopmentPerson {
  const held = (values.role ?? []).map(readRole);
  const plants = values.plant ?? [];
  const [first] = held;
  if (first === undefined) throw new UsageError('Give at least one --role.');
  if (plants.length === 0) throw new UsageError("Give at least one --plant, or --plant '*' for all.");
  requirePartnerRules(held, plants, values.partner);
  const name = values.name ?? first;
  const id = values.id ?? name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '.');
  const scopes = values.scope ?? [];
  return { id, name, roles: held, plants, scopes, ...(values.partner ? { partner: values.partner } : {}) };
}

function requirePartnerRules(held: readonly string[], plants: readonly string[], partner: string | undefined): void {
  if (held.includes('PARTNER') && !partner) throw new UsageError('The role PARTNER needs --partner NUMBER.');
  if (partner && plants.includes('*')) {
    throw new UsageError("A partner's plants are listed: give each --plant by its code, not '*'.");
  }
}

function readRole(name: string) {
  const role = clientRoles.find((one) => one === name.toUpperCase());
  if (role) return role;
  throw new UsageError(`There is no role "${name}". The roles are ${clientRoles.join(', ')}.`);
}

function readHours(text = '12'): number {
  const hours = /^\d{1,4}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (hours >= 0.01 && hours <= 24 * 365) return hours;
  throw new UsageError(`--hours is "${text}": give a number of hours from 0.01 to 8760.`);
}
