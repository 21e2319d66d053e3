import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import type { Principal } from '../auth/principal.ts';
import type { Cedar } from './cedar.ts';
import { loadCedar } from './cedar.ts';
import { createDecisionCache } from './decision-cache.ts';
import type { LoadedPolicies } from './load-policies.ts';
import { loadPolicies } from './load-policies.ts';
import { PolicyError } from './policy-error.ts';

/** At some 300 bytes each. A plant asks far fewer different questions. */
const rememberedDecisions = 10_000;

export interface Decision {
  readonly allowed: boolean;
  /** The policies that decided. None: no policy permits it. */
  readonly policyIds: readonly string[];
}

/** The row that is to be seen or changed. */
export interface RowOwner {
  readonly plantCode: string;
  /** The partner number that it belongs to; null: the plant's own people only. */
  readonly partner: string | null;
}

/** Reading what Andon itself keeps. */
export type Operation = 'readEvents' | 'readAudit' | 'readInterlocks';

export interface Policies {
  /** Changes with every change of a policy or of the schema. */
  readonly version: string;
  /** The transitions that policies know. Any other is refused to everybody. */
  readonly transitions: ReadonlySet<string>;
  mayTransition(principal: Principal, asked: RowOwner & { readonly transition: string }): Decision;
  mayRead(principal: Principal, row: RowOwner): Decision;
  /** Whether at all: of what is read, each row of another plant still has to be left out. */
  mayOperate(principal: Principal, operation: Operation): Decision;
}

export interface PoliciesOptions {
  /** Schema and policies. @default the folder of this file */
  readonly folder?: string;
  /** More policies, of one plant for example. They can permit more, and forbid, but never lift a boundary. */
  readonly extraFolder?: string;
}

const refused: Decision = Object.freeze({ allowed: false, policyIds: Object.freeze([]) });
const self: TypeAndId = { type: 'Principal', id: 'self' };
const row: TypeAndId = { type: 'Row', id: 'row' };
const journal: TypeAndId = { type: 'Journal', id: 'journal' };

/**
 * Loads and checks the policies, once at start-up. A decision takes about a microsecond when it is remembered and half a
 * millisecond when it is new.
 *
 * @throws PolicyError with file, line and remedy
 */
export async function createPolicies({ folder, extraFolder }: PoliciesOptions = {}): Promise<Policies> {
  const cedar = await loadCedar();
  const base = folder ?? fileURLToPath(new URL('.', import.meta.url));
  const loaded = await loadPolicies(cedar, extraFolder === undefined ? [base] : [base, extraFolder]);
  const { schema, schemaJson, policies } = loaded;
  const version = createHash('sha256').update(JSON.stringify({ schema, policies })).digest('hex').slice(0, 16);
  for (const prepared of [
    cedar.preparseSchema(version, schema),
    cedar.preparsePolicySet(version, { staticPolicies: policies }),
  ]) {
    if (prepared.type === 'failure') throw new Error(`Checked policies do not parse: ${prepared.errors[0]?.message}`);
  }
  return createEvaluator(cedar, version, readTransitions(schemaJson, base));
}

function readTransitions(schema: LoadedPolicies['schemaJson'], file: string): ReadonlySet<string> {
  const actions = Object.entries(schema['']?.actions ?? {});
  const transitions = actions.filter(([, { memberOf }]) => memberOf?.some(({ id }) => id === 'transition'));
  if (transitions.length > 0) return new Set(transitions.map(([name]) => name));
  const problem = 'No action is in [transition], so nobody could change anything. Restore the schema.';
  throw new PolicyError({ file, line: null, problem });
}

interface Question {
  readonly action: string;
  readonly resource: EntityJson;
}

function createEvaluator(cedar: Cedar, version: string, transitions: ReadonlySet<string>): Policies {
  const decisions = createDecisionCache<Decision>(rememberedDecisions);

  function decide(principal: Principal, { action, resource }: Question): Decision {
    const answer = cedar.statefulIsAuthorized({
      preparsedPolicySetId: version,
      // Only the schema knows that `startOperation` is in `transition`, of which the boundaries speak.
      preparsedSchemaName: version,
      principal: self,
      action: { type: 'Action', id: action },
      resource: resource.uid,
      context: {},
      entities: [principalEntity(principal), resource],
    });
    if (answer.type === 'failure') throw new Error(`Cedar could not decide: ${answer.errors[0]?.message}`);
    const { decision, diagnostics } = answer.response;
    // Cedar passes over a policy that fails, a forbid too. A decision that may lack a forbid is no permission.
    const allowed = decision === 'allow' && diagnostics.errors.length === 0;
    return Object.freeze({ allowed, policyIds: Object.freeze([...diagnostics.reason].sort()) });
  }

  function decideOnRow(principal: Principal, action: string, owner: RowOwner): Decision {
    const key = `${principalKey(principal)} ${action} ${JSON.stringify([owner.plantCode, owner.partner])}`;
    return decisions.get(key, () => decide(principal, { action, resource: rowEntity(owner) }));
  }

  return {
    version,
    transitions,
    mayTransition(principal, { transition, ...owner }) {
      return transitions.has(transition) ? decideOnRow(principal, transition, owner) : refused;
    },
    mayRead: (principal, owner) => decideOnRow(principal, 'read', owner),
    mayOperate(principal, operation) {
      const resource = { uid: journal, attrs: {}, parents: [] };
      return decisions.get(`${principalKey(principal)} ${operation}`, () =>
        decide(principal, { action: operation, resource }),
      );
    },
  };
}

const keys = new WeakMap<Principal, string>();

/** Everything of a principal that policies can see. Principals with the same key are decided alike. */
function principalKey(principal: Principal): string {
  const known = keys.get(principal);
  if (known !== undefined) return known;
  const { kind, roles, plants, scopes, partner } = principal;
  const key = JSON.stringify([kind, roles, plants, scopes, partner]);
  keys.set(principal, key);
  return key;
}

function principalEntity({ kind, roles, plants, scopes, partner }: Principal): EntityJson {
  const attrs = { kind, plants: [...plants], everyPlant: plants.includes('*'), scopes: [...scopes] };
  return { uid: self, attrs: withPartner(attrs, partner), parents: roles.map((id) => ({ type: 'Role', id })) };
}

function rowEntity({ plantCode, partner }: RowOwner): EntityJson {
  return { uid: row, attrs: withPartner({ plant: plantCode }, partner), parents: [] };
}

function withPartner(attrs: Record<string, CedarValueJson>, partner: string | null): Record<string, CedarValueJson> {
  return partner === null ? attrs : { ...attrs, partner };
}
