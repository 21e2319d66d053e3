/** Keys that come over plain HTTP could be anybody's, so only loopback may do without TLS. */
export function mayBringKeys({ protocol, hostname }: URL): boolean {
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback);
}
