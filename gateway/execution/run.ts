import type { GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../request/request-context.ts';
import type { FieldError } from './failure.ts';
import { type Misfit, Misfits } from './misfit.ts';
import type { ResponseObject } from './response-data.ts';

/** What one subgraph contributed: `asOf` is the age of its data, ISO 8601. */
export interface ConsultedSource {
  readonly service: string;
  readonly asOf: string;
  /** Whether every call to it succeeded, and what it sent fits the schema, as far as that was looked at. */
  readonly ok: boolean;
}

/**
 * Whom a plan asks for a field of an answer.
 * @param keys from the root of the merged data down to the field
 * @param coordinate of the field, as `Type.field`, or its name alone where the type is not known
 */
export type FindGivers = (keys: readonly string[], coordinate: string) => readonly string[];

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
  /** Told when the answer is written: see `tellMisfits`. */
  misfits: Misfits | undefined = undefined;
  /** Of the plan that runs. */
  findGivers: FindGivers | undefined = undefined;
  readonly #sources = new Map<string, ConsultedSource>();

  constructor(variables: Readonly<Record<string, unknown>>, context: RequestContext, root: ResponseObject = {}) {
    this.variables = variables;
    this.context = context;
    this.root = root;
  }

  /** One line per subgraph. */
  consulted(service: string, asOf: string, ok: boolean): void {
    const known = this.#sources.get(service);
    const oldest = known && known.asOf < asOf ? known.asOf : asOf;
    this.#sources.set(service, { service, asOf: oldest, ok: ok && (known?.ok ?? true) });
  }

  /** What came from it is not what the schema says. */
  doubt(service: string): void {
    const known = this.#sources.get(service);
    if (known?.ok) this.#sources.set(service, { ...known, ok: false });
  }

  misfit(misfit: Misfit): void {
    this.misfits ??= new Misfits(misfit);
    this.misfits.add(misfit);
  }

  /** The subgraphs that were asked for a field: see `FindGivers`. By the schema there may be more. */
  giversOf(keys: readonly string[], coordinate: string): readonly string[] {
    return (this.findGivers?.(keys, coordinate) ?? []).filter((service) => this.#sources.has(service));
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
