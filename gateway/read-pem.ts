import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorCode } from '../runtime/error-code.ts';
import { ConfigValueError } from './config.ts';

/** @param options names of the options that may be wrong @throws ConfigValueError */
export function readPem(file: string, options: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ConfigValueError(`${file} cannot be read (${errorCode(cause) ?? 'unreadable'}). Correct ${options}.`);
  }
}

/** Certificates that others must be signed with: Node takes a file without any, and then trusts nobody. @throws ConfigValueError */
export function readCertificates(file: string, option: string): Buffer {
  const pem = readPem(file, option);
  const [...certificates] = pem
    .toString('latin1')
    .matchAll(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs);
  if (certificates.length > 0 && certificates.every(([text]) => isCertificate(text))) return pem;
  throw new ConfigValueError(`${file} has no certificates in PEM that can be read. Correct ${option}.`);
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined;
  } catch {
    return false;
  }
}
