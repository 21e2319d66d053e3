import type { Principal } from '../auth/principal.ts';
import { type ProblemDetails, StepProblem } from './problem.ts';

/** The gateway as workflows need it: they are clients like any other, under a principal of their own. */
export interface GraphClient {
  query(
    document: string,
    variables: Readonly<Record<string, unknown>>,
    principal: Principal,
    signal: AbortSignal,
  ): Promise<{ readonly data: Readonly<Record<string, unknown>> | null; readonly errors: readonly GraphProblem[] }>;
}

export interface GraphProblem {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Who asks. Policies give the role what only workflows may do. */
export const workflowPrincipal: Principal = Object.freeze<Principal>({
  id: 'andon:workflows',
  name: 'Andon workflows',
  kind: 'WORKFLOW',
  roles: ['WORKFLOW'],
  plants: ['*'],
  scopes: [],
  partner: null,
  expiresAt: Number.MAX_SAFE_INTEGER,
});

/** `TransitionResult` of the graph, as far as a workflow needs it. */
export interface TransitionAnswer {
  readonly outcome: string;
  readonly originalOutcome: string;
  readonly transitionId: string;
  readonly rejections: readonly {
    readonly code: string;
    readonly system: string;
    readonly message: string;
    readonly remediation: string | null;
  }[];
}

/** A transition makes at most three attempts of five seconds at one system; this is the net below that. */
const deadlineMs = 30_000;

const answerFields = 'outcome originalOutcome transitionId rejections { code system message remediation }';

/** @throws StepProblem when any field is missing for a reason */
export async function askGraph(
  client: GraphClient,
  document: string,
  variables: Readonly<Record<string, unknown>>,
  step: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { data, errors } = await client
    .query(document, variables, workflowPrincipal, AbortSignal.timeout(deadlineMs))
    .catch((cause: unknown) => {
      throw new StepProblem(unreachable(step), { cause });
    });
  const [error] = errors;
  if (error) throw new StepProblem(describeError(error, step));
  if (data === null) throw new StepProblem(unreachable(step));
  return data;
}

/** @throws StepProblem when there is no answer; a refusal is an answer */
export async function askTransition(
  client: GraphClient,
  mutation: string,
  variables: { readonly input: unknown; readonly meta: unknown },
  step: string,
): Promise<TransitionAnswer> {
  const inputType = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation Workflow($input: ${inputType}!, $meta: TransitionMeta!) { ${mutation}(input: $input, meta: $meta) { ${answerFields} } }`;
  const data = await askGraph(client, document, variables, step);
  return data[mutation] as TransitionAnswer;
}

function unreachable(step: string): ProblemDetails {
  return {
    kind: 'UNAVAILABLE',
    step,
    code: 'GRAPH_UNAVAILABLE',
    system: 'ANDON',
    message: 'The gateway has not answered.',
    remediation: 'It is tried again by itself.',
  };
}

/** Errors that repeating cannot heal: the document does not fit the graph, or the caller may not ask. */
const permanentCodes: ReadonlySet<string> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_INPUT',
  'BAD_IDEMPOTENCY_KEY',
  'IDEMPOTENCY_KEY_REUSED',
  'FORBIDDEN',
  'UNAUTHENTICATED',
]);

function describeError({ message, extensions = {} }: GraphProblem, step: string): ProblemDetails {
  const code = typeof extensions['code'] === 'string' ? extensions['code'] : 'UNKNOWN';
  const system = typeof extensions['system'] === 'string' ? extensions['system'] : null;
  const kind = permanentCodes.has(code) ? 'BROKEN' : 'UNAVAILABLE';
  return { kind, step, code, system, message, remediation: null };
}
