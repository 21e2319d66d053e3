import { readFileSync } from 'node:fs';
import { Kind, parse } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Principal, roles } from '../../auth/principal.ts';
import { createPolicies, type Policies } from '../../policies/evaluate.ts';
import { somebody } from '../support/somebody.ts';

const mutations = ['erp', 'mes', 'qms', 'cmms', 'ops'].flatMap((domain) => {
  const sdl = readFileSync(new URL(`../../subgraphs/${domain}/schema.graphql`, import.meta.url), 'utf8');
  return parse(sdl).definitions.flatMap((definition) => {
    const isMutation =
      definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION;
    return isMutation && definition.name.value === 'Mutation'
      ? (definition.fields ?? []).map(({ name }) => name.value)
      : [];
  });
});

let policies: Policies;

beforeAll(async () => {
  policies = await createPolicies();
});

describe('the policies and the graph', () => {
  test('know the same transitions', () => {
    expect([...policies.transitions].sort()).toEqual([...mutations].sort());
  });

  test.each(mutations)('%s is somebody’s job', (transition) => {
    const allowed = roles.filter(
      (role) => policies.mayTransition(holder(role), { transition, plantCode: 'BER', partner: null }).allowed,
    );
    expect(allowed.length).toBeGreaterThan(0);
  });
});

function holder(role: Principal['roles'][number]): Principal {
  const partner = role === 'PARTNER' ? 'CM-400' : null;
  return somebody({ id: role, roles: [role], plants: ['BER'], partner });
}
