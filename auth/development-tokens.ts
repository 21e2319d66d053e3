import jwt from 'jsonwebtoken';
import type { Clock } from '../runtime/clock.ts';
import type { DevelopmentKeys } from './development-keys.ts';
import { developmentAudience, developmentIssuer } from './development-keys.ts';
import type { Role } from './principal.ts';

export interface DevelopmentPerson {
  /** Also the token's `sub`. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Exclude<Role, 'WORKFLOW'>[];
  readonly plants: readonly string[];
  readonly scopes?: readonly string[];
  readonly partner?: string;
}

export interface DevelopmentToken {
  readonly person: DevelopmentPerson;
  /** Without `Bearer`. */
  readonly token: string;
}

/** One person for each job, in the demo's two bottling plants: BER in Berlin, LYO in Lyon. */
export const developmentPeople: readonly DevelopmentPerson[] = [
  { id: 'olga.operator', name: 'Olga Operator', roles: ['OPERATOR'], plants: ['BER'] },
  { id: 'quentin.engineer', name: 'Quentin Engineer', roles: ['QUALITY_ENGINEER'], plants: ['BER'] },
  { id: 'mara.manager', name: 'Mara Manager', roles: ['QUALITY_MANAGER'], plants: ['BER', 'LYO'] },
  { id: 'paula.planner', name: 'Paula Planner', roles: ['PLANNER'], plants: ['BER'] },
  { id: 'theo.technician', name: 'Theo Technician', roles: ['MAINTENANCE_TECHNICIAN'], plants: ['BER'] },
  { id: 'ines.integration', name: 'Ines Integration', roles: ['INTEGRATION_OPERATOR'], plants: ['BER', 'LYO'] },
  { id: 'carl.contract', name: 'Carl Contract', roles: ['PARTNER'], plants: ['BER'], partner: 'CM-400' },
  { id: 'ada.auditor', name: 'Ada Auditor', roles: ['AUDITOR'], plants: ['BER', 'LYO'] },
];

export interface SigningOptions {
  readonly keys: DevelopmentKeys;
  readonly clock: Clock;
  /** How long the token is valid. @default 12 */
  readonly hours?: number;
}

/** Tokens for everybody in `developmentPeople`, for the start-up to print. */
export function createDevelopmentTokens(options: SigningOptions): readonly DevelopmentToken[] {
  return developmentPeople.map((person) => ({ person, token: signDevelopmentToken(person, options) }));
}

/** @returns a JWT that a verifier with the same development keys accepts */
export function signDevelopmentToken(person: DevelopmentPerson, { keys, clock, hours = 12 }: SigningOptions): string {
  const { id, name, roles, plants, scopes = [], partner } = person;
  const iat = Math.floor(clock.now() / 1000);
  const andon = { roles, plants, ...(partner === undefined ? {} : { partner }) };
  const claims = { name, andon, scope: scopes.join(' '), iat, exp: iat + Math.round(hours * 3600) };
  return jwt.sign(claims, keys.privateKey, {
    algorithm: 'ES256',
    keyid: keys.kid,
    issuer: developmentIssuer,
    audience: developmentAudience,
    subject: id,
  });
}
