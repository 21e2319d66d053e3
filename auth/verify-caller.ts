import type { InternalTokens } from './internal-token.ts';
import { isInternalToken } from './internal-token.ts';
import type { UsedTokens } from './used-tokens.ts';
import type { Verifier } from './verify.ts';

/** What internal tokens for the gateway name as their audience. */
export const gatewayAudience = 'gateway';

export interface CallerVerifierOptions {
  readonly verifier: Verifier;
  readonly internalTokens: Pick<InternalTokens, 'verify'>;
  readonly usedTokens: UsedTokens;
}

/**
 * Who comes to a gateway's door: a client with a token of its identity provider, or a process of Andon's own with an
 * internal token. Which of the two it says it is decides only who checks it, so neither can pass for the other.
 */
export function createCallerVerifier({ verifier, internalTokens, usedTokens }: CallerVerifierOptions): Verifier {
  return {
    async verify(authorization) {
      if (!isInternalToken(authorization)) return verifier.verify(authorization);
      const { principal, tokenId } = internalTokens.verify(authorization, gatewayAudience);
      usedTokens.use(tokenId);
      return principal;
    },
  };
}
