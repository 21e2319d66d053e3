import type { Principal } from '../../auth/principal.ts';

export interface AnsweredOperation {
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly name: string | undefined;
}

/** An error as clients read it. */
export interface Coded {
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** What the access log learns of one request, or of one operation that came as a message. */
export interface AccessEntry {
  asked(requestId: string, principal: Principal | undefined): void;
  /** It was run, or its stream opened. */
  ran(operation: AnsweredOperation): void;
  told(errors: readonly Coded[]): void;
  /** What follows stays open. */
  opened(): void;
  /** One message of what stays open. */
  sent(): void;
  /** Its client has left before it was answered. */
  aborted(): void;
  /** Once. */
  end(): void;
}
