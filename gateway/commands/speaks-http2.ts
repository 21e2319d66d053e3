import { readGatewayConfig } from '../read-config.ts';

/**
 * Whether a gateway with these arguments speaks HTTP/2, which it does where its file has certificates.
 *
 * In threads, Node 20 spoils the memory of the process under sessions of HTTP/2 that break off in many ways at once: within
 * minutes `malloc` ends it (`corrupted size vs. prev_size`), also that of a server of ten lines. In the main thread it does not.
 */
export function speaksHttp2(argv: readonly string[]): boolean {
  const at = argv.findIndex((argument) => /^--config(=|$)/.test(argument));
  if (at < 0) return false;
  const file = argv[at]?.split('=').slice(1).join('=') || argv[at + 1];
  try {
    return readGatewayConfig({ file }).tls !== undefined;
  } catch {
    return false; // the command reads it again, and says what is wrong
  }
}
