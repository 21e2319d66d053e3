export type SystemName = 'ERP' | 'MES' | 'QMS' | 'CMMS';

/** Andon keeps what belongs to nobody else, and is asked like any system. */
type AnySystem = SystemName | 'ANDON';

/** The system could not be reached: it has certainly not done what was asked. */
export class SystemUnavailableError extends Error {
  readonly code = 'SYSTEM_UNAVAILABLE';
  readonly retryable = true;
  readonly expose = true;
  readonly system: AnySystem;

  /** @param whose for the sentence, where there are several: `The ERP of LYO` */
  constructor(system: AnySystem, options?: ErrorOptions, whose: string = `The ${system}`) {
    super(`${whose} cannot be reached. Nothing was changed in it; the request can be repeated.`, options);
    this.name = 'SystemUnavailableError';
    this.system = system;
  }
}

/** The systems of some plants could not be reached; what the others answered is here. */
export class PlantsUnavailableError extends SystemUnavailableError {
  readonly plantCodes: readonly string[];
  readonly rows: readonly unknown[];

  constructor(
    system: SystemName,
    plantCodes: readonly string[],
    rows: readonly unknown[],
    options?: { readonly cause: unknown },
  ) {
    super(system, options && { cause: options.cause }, `The ${system} of ${plantCodes.join(', ')}`);
    this.name = 'PlantsUnavailableError';
    this.plantCodes = plantCodes;
    this.rows = rows;
  }
}

/** The system was asked and has not answered in time: what it has done is unknown until it is read back. */
export class SystemTimeoutError extends Error {
  readonly code = 'SYSTEM_TIMEOUT';
  readonly retryable = true;
  readonly expose = true;
  readonly system: AnySystem;

  constructor(system: AnySystem, options?: ErrorOptions) {
    super(`The ${system} has not answered in time. What it has done is being read back.`, options);
    this.name = 'SystemTimeoutError';
    this.system = system;
  }
}
