import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsConfig } from '../../gateway/config.ts';

/** PEM files in `folder` of a new key and its certificate for localhost, good for a day. */
export function createCertificate(folder: string): TlsConfig {
  mkdirSync(folder, { recursive: true });
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const output = ['-keyout', files.keyFile, '-out', files.certFile];
  execFileSync('openssl', ['req', '-x509', ...subject, ...key, ...output], { stdio: 'ignore' });
  return { ...files, clientCaFile: undefined };
}

/** The same in a folder of its own, until a test removes it. */
export function createTemporaryCertificate(): { readonly tls: TlsConfig; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'andon-certificate-'));
  return { tls: createCertificate(folder), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
