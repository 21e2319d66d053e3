import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { Cancellation } from '../cancellation.ts';
import type { ForwardedHeaders } from '../forwarded-headers.ts';
import type { FieldError } from './failure.ts';
import type { ResponseObject } from './response-data.ts';

/** Who asks, for which request, until when. */
export interface RequestContext {
  /** Absent where the gateway runs without authentication. */
  readonly principal: Principal | undefined;
  readonly requestId: string;
  readonly cancellation: Cancellation | undefined;
  /** What its client sent for the subgraphs. @default nothing */
  readonly forwarded?: ForwardedHeaders | undefined;
  /** Whether equal work of others may be used, where it runs at the same moment. @default true */
  readonly mayShare?: boolean;
  /** The id that a subgraph's stream of events gave the last one: it is asked to go on after it. @default from now on */
  readonly lastEventId?: string | undefined;
}

/** What one subgraph contributed: `asOf` is the age of its data, ISO 8601. */
export interface ConsultedSource {
  readonly service: string;
  readonly asOf: string;
  readonly ok: boolean;
}

/** The mutable state of one operation while its plan runs. */
export class Run {
  readonly root: ResponseObject;
  /** Coerced by the specification's rules, defaults filled in. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: RequestContext;
  /** Errors that have no place in the data. */
  readonly errors: GraphQLFormattedError[] = [];
  /** Whether no string in the data needs an escape in JSON, as far as is known without looking. */
  isPlain = true;
  /** Whether some object stands at more than one place. */
  sharesObjects = false;
  readonly #sources = new Map<string, ConsultedSource>();

  constructor(variables: Readonly<Record<string, unknown>>, context: RequestContext, root: ResponseObject = {}) {
    this.variables = variables;
    this.context = context;
    this.root = root;
  }

  /** One line per subgraph: its oldest data, and whether every call to it succeeded. */
  consulted(service: string, asOf: string, ok: boolean): void {
    const known = this.#sources.get(service);
    const oldest = known && known.asOf < asOf ? known.asOf : asOf;
    this.#sources.set(service, { service, asOf: oldest, ok: ok && (known?.ok ?? true) });
  }

  /** Reports an error that the data has no room for. */
  report(error: FieldError, path?: readonly (string | number)[]): void {
    const { message, extensions, below } = error;
    const full = path ? [...path, ...below] : undefined;
    this.errors.push({ message, ...(full?.length ? { path: full } : {}), extensions: { ...extensions } });
  }

  sources(): readonly ConsultedSource[] {
    return [...this.#sources.values()];
  }
}
