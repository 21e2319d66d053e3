import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AuthConfigurationError } from './auth-configuration-error.ts';
import type { AuthConfig } from './config.ts';
import { readOrCreatePrivateFile } from './private-file.ts';

/**
 * The secret that Andon's processes share: `ANDON_INTERNAL_SECRET`, or `<dataDir>/internal-secret` (mode 0600), made on
 * first start. Processes on several machines have no folder in common and need the variable.
 */
export async function readInternalSecret(config: Pick<AuthConfig, 'internalSecret' | 'dataDir'>): Promise<string> {
  if (config.internalSecret !== null) return config.internalSecret;
  const path = join(config.dataDir, 'internal-secret');
  const secret = (await readOrCreatePrivateFile(path, () => `${randomBytes(32).toString('base64url')}\n`)).trim();
  if (secret.length >= 32) return secret;
  throw new AuthConfigurationError(`${path} is damaged. Delete it and restart every Andon process of this folder.`);
}
