import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAuthConfig } from '../../auth/config.ts';
import { createKeys } from '../../auth/keys.ts';
import { runTokenCommand } from '../../auth/main.ts';
import { createVerifier } from '../../auth/verify.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { createTestLog } from './identity-provider.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'andon-token-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function run(argv: readonly string[], env: NodeJS.ProcessEnv = { ANDON_DATA_DIR: dataDir }) {
  let out = '';
  let err = '';
  const code = await runTokenCommand(argv, {
    config: readAuthConfig(env),
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

describe('andon token', () => {
  it('prints a token that works', async () => {
    const argv = ['--role', 'operator', '--role', 'PLANNER', '--plant', 'BER', '--name', 'Otto Ober', '--hours', '0.5'];
    const { code, out } = await run(argv);
    expect(code).toBe(0);
    const { log } = createTestLog(systemClock);
    const config = readAuthConfig({ ANDON_DATA_DIR: dataDir });
    const keys = await createKeys({ config, clock: systemClock, timers: systemTimers, log });
    const principal = await createVerifier({ issuers: keys.issuers, clock: systemClock }).verify(
      `Bearer ${out.trim()}`,
    );
    expect(principal).toMatchObject({
      id: 'otto.ober',
      name: 'Otto Ober',
      roles: ['OPERATOR', 'PLANNER'],
      plants: ['BER'],
    });
  });

  it('shows with --help how a token is asked for', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('andon token --role OPERATOR --plant BER');
  });

  it.each([
    [[], 'Give at least one --role.'],
    [['--role', 'OPERATOR'], 'Give at least one --plant'],
    [['--role', 'KING', '--plant', 'BER'], 'There is no role "KING". The roles are OPERATOR,'],
    [['--role', 'WORKFLOW', '--plant', 'BER'], 'There is no role "WORKFLOW".'],
    [['--role', 'PARTNER', '--plant', 'BER'], 'The role PARTNER needs --partner NUMBER.'],
    [['--role', 'PARTNER', '--plant', '*', '--partner', 'CM-400'], "A partner's plants are listed"],
    [['--role', 'OPERATOR', '--plant', 'BER', '--hours', 'soon'], '--hours is "soon": give a number of hours'],
  ])('refuses %j with what to do', async (argv, message) => {
    const refusal = { code: 'USAGE', message: expect.stringContaining(message) };
    await expect(run(argv)).rejects.toMatchObject(refusal);
  });

  it('refuses an option that does not exist, with the one that was probably meant', async () => {
    await expect(run(['--rolle', 'OPERATOR'])).rejects.toMatchObject({
      code: 'USAGE',
      message: `Unknown option '--rolle'. Did you mean "--role"?`,
    });
  });

  it('refuses where production keys are configured', async () => {
    const env = {
      ANDON_DATA_DIR: dataDir,
      ANDON_JWKS_URL: 'https://id.example/jwks',
      ANDON_ISSUER: 'https://id.example',
    };
    const { code, out, err } = await run(['--role', 'OPERATOR', '--plant', 'BER'], env);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(
      'Production keys are configured, so development tokens are not accepted. Get a token from https://id.example.',
    );
  });
});
