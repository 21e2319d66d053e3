/**
 * What a real system did with a command. `POSTED`: it is done, under this document. `REFUSED`: the system understood
 * and will not do it, nothing has changed. Anything else is an error of `errors.ts`.
 */
export type Posting =
  | {
      readonly status: 'POSTED';
      /** The system's own number for what it recorded. */
      readonly document: string;
      /** The entity's version after the posting, where the system keeps one. */
      readonly version: string | null;
      readonly recordedAt: string;
      /** What the system decided or numbered while posting: a verdict, a new order number. */
      readonly result: Readonly<Record<string, unknown>>;
    }
  | {
      readonly status: 'REFUSED';
      /** The system's reason in Andon's words, for example PERIOD_CLOSED, LOT_STATUS_INVALID, VERSION_CONFLICT. */
      readonly code: string;
      readonly message: string;
      readonly remediation: string | null;
    };

/** What every command to a system carries. Commands are data: an intent keeps its command, so that it can be sent again. */
export interface SystemCommand<Name extends string = string> {
  readonly name: Name;
  /** Kept by the system beside its record (SAP: `ExternalSystemConfirmation`); the key of every read-back. */
  readonly transitionId: string;
  readonly plantCode: string;
  /** The version that the guards saw; the system refuses with VERSION_CONFLICT when it has moved on. Null: not checked. */
  readonly expectedVersion: string | null;
  readonly actorId: string;
  readonly occurredAt: string;
}

/** The half of every port that changes state. Reads are the domain's own. */
export interface PostingPort<Command extends SystemCommand> {
  /**
   * Carries out `command`, once: the same transitionId again gives the same posting.
   * @throws SystemUnavailableError when nothing was sent, SystemTimeoutError when the outcome is unknown
   */
  post(command: Command, signal: AbortSignal): Promise<Posting>;
  /** @returns what the system recorded under the transition, or null when it has no record of it */
  postingOf(transitionId: string, plantCode: string, signal: AbortSignal): Promise<Posting | null>;
}
