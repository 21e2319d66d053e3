import { isRecord } from '../runtime/is-record.ts';
import { AuthenticationError } from './authentication-error.ts';
import type { Principal, Role } from './principal.ts';
import { roles } from './principal.ts';

type Claims = Readonly<Record<string, unknown>>;

const plantCode = /^(\*|[A-Za-z0-9][A-Za-z0-9_-]{0,31})$/;
const listLimit = 256;
const textLimit = 256;
/** Control characters and half surrogate pairs: stores and logs would keep another name than the token has. */
const unprintable = /[\p{Cc}\p{Cs}]/u;
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= textLimit && !unprintable.test(value);

/**
 * What the claims of a client's token mean:
 *
 * | Claim           | Meaning                                                              | Without it         |
 * |-----------------|----------------------------------------------------------------------|--------------------|
 * | `sub`           | the principal's id                                                   | refused            |
 * | `name`          | the name in the audit trail                                          | `sub`              |
 * | `exp`           | the end of the token, seconds since the epoch                        | refused            |
 * | `andon.roles`   | roles of `principal.ts`, without WORKFLOW, which only Andon itself has | refused, also when empty |
 * | `andon.plants`  | plant codes, or `["*"]` for all                                      | refused, also when empty |
 * | `andon.partner` | the partner number of a contract manufacturer, supplier or customer  | no partner         |
 * | `andon.kind`    | `PERSON` or `SERVICE`                                                | `PERSON`           |
 * | `scope`         | scopes, separated by blanks (RFC 8693, section 4.2)                  | no scopes          |
 *
 * The role PARTNER needs a partner, and a partner has its plants listed, never all of them.
 *
 * @param expiresAt milliseconds since the epoch from which the token is no longer accepted
 * @throws AuthenticationError INVALID_CLAIMS that names the claim
 */
export function principalFromClaims(claims: Claims, expiresAt: number): Principal {
  const id = text(claims, 'sub') ?? refuse('The token has no "sub".');
  const andon = claims['andon'];
  if (!isRecord(andon)) return refuse('The token has no claim "andon" with roles and plants.');
  const principal: Principal = {
    id,
    name: text(claims, 'name') ?? id,
    kind: readKind(andon),
    roles: readRoles(andon),
    plants: readPlants(andon),
    scopes: readScopes(claims),
    partner: text(andon, 'partner'),
    expiresAt,
  };
  requirePartnerRules(principal);
  return freezePrincipal(principal);
}

function freezePrincipal(principal: Principal): Principal {
  for (const list of [principal.roles, principal.plants, principal.scopes]) Object.freeze(list);
  return Object.freeze(principal);
}

function requirePartnerRules({ roles: held, partner, plants }: Principal): void {
  if (held.includes('PARTNER') && partner === null) refuse('The role PARTNER needs the claim "andon.partner".');
  if (partner !== null && plants.includes('*')) refuse('A partner needs its plants listed in "andon.plants", not "*".');
}

function readKind(andon: Claims): 'PERSON' | 'SERVICE' {
  const kind = andon['kind'] ?? 'PERSON';
  return kind === 'PERSON' || kind === 'SERVICE' ? kind : refuse('The claim "andon.kind" is PERSON or SERVICE.');
}

function readRoles(andon: Claims): readonly Role[] {
  return someStrings(andon['roles'], 'andon.roles').map((name) => {
    if (name === 'WORKFLOW') return refuse('The role WORKFLOW belongs to Andon itself and is not given to clients.');
    return isRole(name) ? name : refuse('The claim "andon.roles" holds a role that Andon does not have.');
  });
}

function readPlants(andon: Claims): readonly string[] {
  const plants = someStrings(andon['plants'], 'andon.plants');
  if (plants.every((code) => plantCode.test(code))) return plants;
  return refuse('The claim "andon.plants" holds something that is no plant code.');
}

function readScopes(claims: Claims): readonly string[] {
  const scope = claims['scope'];
  if (scope === undefined) return [];
  if (typeof scope === 'string') return strings(scope.split(' ').filter(Boolean), 'scope');
  return strings(scope, 'scope');
}

function strings(value: unknown, claim: string): string[] {
  const isList = Array.isArray(value) && value.length <= listLimit;
  if (isList && value.every(isText)) return [...new Set(value)];
  return refuse(`The claim "${claim}" is not a list of short texts without control characters.`);
}

/** Nobody is let in who could see nothing and would not know why. */
function someStrings(value: unknown, claim: string): string[] {
  const found = strings(value, claim);
  return found.length > 0 ? found : refuse(`The claim "${claim}" is empty, so the token may do nothing.`);
}

/** @returns the text, null when the claim is absent */
function text(claims: Claims, claim: string): string | null {
  const value = claims[claim] ?? null;
  if (value === null) return null;
  if (isText(value) && value.trim() !== '') return value;
  return refuse(`The claim "${claim}" is not a short text without control characters.`);
}

function isRole(name: string): name is Role {
  return (roles as readonly string[]).includes(name);
}

function refuse(problem: string): never {
  throw new AuthenticationError('INVALID_CLAIMS', `${problem} Ask your administrator to correct the token.`);
}
