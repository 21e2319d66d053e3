import type { GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../request/request-context.ts';
import type { FieldError } from './failure.ts';
import type { ResponseObject } from './response-data.ts';

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
  /** See `AnswerRoom`. */
  heldBytes: number | undefined = 0;
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
