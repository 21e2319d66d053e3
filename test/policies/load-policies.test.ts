import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../auth/principal.ts';
import { createPolicies } from '../../policies/evaluate.ts';
import { somebody } from '../support/somebody.ts';

const shipped = fileURLToPath(new URL('../../policies/', import.meta.url));
const row = { plantCode: 'BER', partner: null };
const olga = somebody({ id: 'olga', roles: ['OPERATOR'], plants: ['BER'], scopes: ['night-shift'] });

let extraFolder: string;
beforeEach(async () => {
  extraFolder = await mkdtemp(join(tmpdir(), 'andon-policies-'));
});
afterEach(() => rm(extraFolder, { recursive: true, force: true }));

const plantPolicies = async (text: string) => {
  await writeFile(join(extraFolder, 'plant.cedar'), text);
  return createPolicies({ extraFolder });
};

describe("a plant's own policies", () => {
  it('permit more, by scope for example', async () => {
    const policies = await plantPolicies(`@id("night-shift-releases")
      permit (principal in Role::"OPERATOR", action == Action::"releaseProductionOrder", resource)
      when { principal.scopes.contains("night-shift") };`);
    const asked = { ...row, transition: 'releaseProductionOrder' };
    expect(policies.mayTransition(olga, asked)).toEqual({ allowed: true, policyIds: ['night-shift-releases'] });
    expect(policies.mayTransition({ ...olga, scopes: [] }, asked).allowed).toBe(false);
  });

  it('forbid, and a forbid wins over every permit', async () => {
    const policies = await plantPolicies(`@id("lyon-only")
      forbid (principal, action in Action::"transition", resource) when { resource.plant != "LYO" };`);
    const asked = { ...row, transition: 'startOperation' };
    expect(policies.mayTransition(olga, asked)).toEqual({ allowed: false, policyIds: ['lyon-only'] });
    expect(policies.mayRead(olga, row).allowed).toBe(true);
  });

  it('never lift a boundary', async () => {
    const policies = await plantPolicies('@id("anything-goes") permit (principal, action, resource);');
    expect(policies.mayTransition(olga, { ...row, plantCode: 'LYO', transition: 'startOperation' }).allowed).toBe(
      false,
    );
    const carl: Principal = { ...olga, roles: ['PARTNER'], partner: 'CM-400' };
    expect(policies.mayRead(carl, row).allowed).toBe(false);
    expect(policies.mayOperate(carl, 'readEvents').allowed).toBe(false);
  });

  it('give the policies another version', async () => {
    const before = await createPolicies();
    const after = await plantPolicies('@id("anything-goes") permit (principal, action, resource);');
    expect(after.version).not.toBe(before.version);
    expect((await createPolicies()).version).toBe(before.version);
  });
});

describe('a policy that cannot be used', () => {
  it.each([
    ['is no Cedar', '// é\npermit (principal,,\n action, resource);', 2, /unexpected token `,`.*start again/],
    ['names no known transition', ok('action == Action::"fly"', 2), 5, /unrecognized action `Action::"fly"`/],
    ['names no known role', ok('action', 1, 'principal in Role::"KING"'), 3, /"KING".*valid entity eids: "OPERATOR"/],
    ['reads what is not there', ok('action', 0, 'principal', 'when { principal.age > 3 }'), 3, /attribute `age`/],
    ['reads what may be absent', ok('action', 0, 'principal', 'when { resource.partner == "x" }'), 3, /partner/],
    ['can never apply', ok('action', 0, 'principal', 'when { false }'), 1, /impossible/],
    ['has no name', '\npermit (principal, action, resource);', 2, /has no name\. Write @id/],
    [
      'has a name that is taken',
      '@id("operator-reads")\nforbid (principal, action, resource);',
      1,
      /is taken by .*operator\.cedar/,
    ],
    ['names one person', ok('action', 0, 'principal == Principal::"olga"'), 1, /names one principal or row/],
    [
      'names one person inside',
      ok('action', 0, 'principal', 'when { principal == Principal::"o" }'),
      1,
      /names one principal/,
    ],
    ['is a template', '@id("t") permit (principal in ?principal, action, resource);', 1, /template/],
  ])('because it %s stops the start with file, line and remedy', async (_why, text, line, message) => {
    await expect(plantPolicies(text)).rejects.toMatchObject({
      name: 'PolicyError',
      file: join(extraFolder, 'plant.cedar'),
      line,
      message: expect.stringMatching(message),
    });
  });

  it('because its folder or schema is missing or wrong stops the start too', async () => {
    await expect(createPolicies({ extraFolder: join(extraFolder, 'none') })).rejects.toThrow(/none: It cannot be read/);
    await expect(createPolicies({ folder: extraFolder })).rejects.toThrow(/schema\.cedarschema: It cannot be read/);
    await cp(shipped, extraFolder, { recursive: true });
    const path = join(extraFolder, 'schema.cedarschema');
    const schema = await readFile(path, 'utf8');
    await writeFile(path, schema.replace('entity Row =', 'entity Row = ='));
    const line = schema.slice(0, schema.indexOf('entity Row')).split('\n').length;
    await expect(createPolicies({ folder: extraFolder })).rejects.toMatchObject({ file: path, line });
  });
});

/** A policy whose head stands on the line after `linesBefore` empty lines. */
function ok(action: string, linesBefore: number, principal = 'principal', conditions = ''): string {
  return `${'\n'.repeat(linesBefore)}@id("mine")\npermit (${principal},\n  ${action}, resource) ${conditions};`;
}
