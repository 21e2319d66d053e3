import { createSecureContext } from 'node:tls';
import { ConfigValueError, type SubgraphTlsConfig } from '../config.ts';
import { readCertificates, readPem } from '../read-pem.ts';

/** Certificates of connections to subgraphs, as `node:tls` takes them; none where the configuration names none. */
export interface SubgraphTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Read at the start, so that what is wrong with them is known before the first call. @throws ConfigValueError */
export function readSubgraphTls(config: SubgraphTlsConfig | undefined): SubgraphTls {
  if (!config) return {};
  const { caFile, certFile, keyFile } = config;
  const own = 'subgraphs.tls.certFile and subgraphs.tls.keyFile';
  const tls = {
    ...(caFile !== undefined && { ca: readCertificates(caFile, 'subgraphs.tls.caFile') }),
    ...(certFile !== undefined && { cert: readPem(certFile, own) }),
    ...(keyFile !== undefined && { key: readPem(keyFile, own) }),
  };
  try {
    createSecureContext(tls);
  } catch (cause) {
    const files = [caFile, certFile, keyFile].filter((file) => file !== undefined).join(', ');
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigValueError(
      `${files} cannot be used for connections to subgraphs (${reason}). Name PEM files in subgraphs.tls: caFile, or certFile with its keyFile.`,
    );
  }
  return tls;
}
