import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { GatewayConfig } from '../../../gateway/config.ts';
import { createForwarding } from '../../../gateway/request/forwarded-headers.ts';
import { type Federation, startFederation } from '../../support/federation-gateway.ts';
import type { SubgraphContext, SubgraphDefinition } from '../../support/federation-subgraph.ts';
import { patientConfig } from '../../support/patient-config.ts';

/** Tells which headers it gets. */
const mirror = (name: string): SubgraphDefinition => ({
  typeDefs: `
    type Query { ${name}(header: String!): String }
    type Subscription { ${name}Now(header: String!): String }
  `,
  resolvers: {
    Query: { [name]: (_: unknown, { header }: Asked, { headers }: SubgraphContext) => headers[header] },
    Subscription: {
      [`${name}Now`]: {
        subscribe: async function* (_: unknown, { header }: Asked, { headers, connectionParams }: SubgraphContext) {
          const inMessage = connectionParams && header in connectionParams ? ` and ${connectionParams[header]}` : '';
          yield { [`${name}Now`]: `${headers[header]}${inMessage}` };
          await new Promise(() => undefined);
        },
      },
    },
  },
});

interface Asked {
  readonly header: string;
}

let federation: Federation;
let signed: Federation;
beforeAll(async () => {
  const definitions = { plant: mirror('plant'), bank: mirror('bank') };
  const config = (names: Partial<GatewayConfig['subgraphs']>) => ({
    sharing: { router: true, subgraph: true },
    subgraphs: { ...patientConfig.subgraphs, ...names },
  });
  federation = await startFederation(definitions, {
    config: config({
      forwardHeaders: ['x-tenant', 'accept-language'],
      forwardHeadersBySubgraph: { bank: ['x-account'] },
      subscriptionProtocolBySubgraph: { bank: 'sse' },
    }),
  });
  signed = await startFederation(definitions, { config: config({ forwardHeaders: ['authorization'] }) });
});
afterAll(() => Promise.all([federation.close(), signed.close()]));

const ask = async (headers: Record<string, string>, header: string, subgraph = 'plant') => {
  const { body } = await federation.post({ query: `{ ${subgraph}(header: "${header}") }` }, headers);
  return body.data[subgraph];
};

describe('headers of a client', () => {
  test('reach the subgraphs that the options name them for, and no other does', async () => {
    const sent = { 'X-Tenant': 'one', 'x-account': '7', 'x-other': 'o', cookie: 'a=b', authorization: 'Bearer t' };
    expect(await ask(sent, 'x-tenant')).toBe('one');
    expect(await ask(sent, 'x-account', 'bank')).toBe('7');
    expect(await ask(sent, 'x-tenant', 'bank')).toBeNull();
    for (const name of ['x-account', 'x-other', 'cookie', 'authorization']) expect(await ask(sent, name)).toBeNull();
  });

  test('never bring anybody the answer that was made for others', async () => {
    const tenants = Array.from({ length: 60 }, (_, index) => `t${index % 3}`);
    const answers = await Promise.all(tenants.map((tenant) => ask({ 'x-tenant': tenant }, 'x-tenant')));
    expect(answers).toEqual(tenants);
  });

  test('take the place of the signed token where that is what is passed on', async () => {
    const { body } = await signed.post(
      { query: '{ plant(header: "authorization") }' },
      { authorization: 'Bearer own' },
    );
    expect(body.data.plant).toBe('Bearer own');
  });

  test('are text, whatever a message has under their names', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), fc.string(), (payload, value) => {
        const read = createForwarding({ forwardHeaders: ['x-tenant'], forwardHeadersBySubgraph: {} });
        try {
          const { values } = read({}, payload, { headers: { 'X-Tenant': value } });
          expect(Object.keys(values)).toEqual(['x-tenant']);
          expect(() => new Headers(values)).not.toThrow();
        } catch (cause) {
          expect(cause).toMatchObject({ message: expect.stringContaining('no header can have') });
        }
      }),
    );
  });
});

describe('the trace of a request', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  test('is passed on as it is, to every subgraph', async () => {
    const sent = { traceparent, tracestate: 'vendor=1' };
    expect(await ask(sent, 'traceparent')).toBe(traceparent);
    expect(await ask(sent, 'tracestate', 'bank')).toBe('vendor=1');
  });

  test('is left out where it is none', async () => {
    const nobodys = `00-${'0'.repeat(32)}-b7ad6b7169203331-01`;
    for (const wrong of ['', 'x', nobodys, `ff${traceparent.slice(2)}`, traceparent.toUpperCase()]) {
      expect(await ask({ traceparent: wrong, tracestate: 'vendor=1' }, 'tracestate')).toBeNull();
    }
  });

  test('does not keep equal requests from sharing their work', () => {
    const read = createForwarding({ forwardHeaders: ['x-tenant'], forwardHeadersBySubgraph: {} });
    const traced = read({ traceparent, 'x-tenant': 'one' });
    expect(traced.key).toBe(read({ 'x-tenant': 'one' }).key);
    expect(traced.key).not.toBe(read({ 'x-tenant': 'two' }).key);
  });
});

describe('over a WebSocket', () => {
  const first = async (subscription: string, params: Record<string, unknown>, extensions?: Record<string, unknown>) => {
    const client = federation.socket(params);
    const events = client.iterate({ query: `subscription { ${subscription} }`, ...(extensions && { extensions }) });
    const { value } = await events.next();
    await events.return?.();
    return Object.values(value?.data ?? {})[0];
  };

  test('they come with the first message, and reach the subgraph over both of its protocols', async () => {
    expect(await first('plantNow(header: "x-tenant")', { 'X-Tenant': 'one' })).toBe('one and one');
    expect(await first('plantNow(header: "x-tenant")', { headers: { 'x-tenant': 'two' } })).toBe('two and two');
    expect(await first('bankNow(header: "x-account")', { 'x-account': '7' })).toBe('7');
  });

  test('they may come with one operation', async () => {
    const extensions = { headers: { 'x-tenant': 'three' } };
    expect(await first('plantNow(header: "x-tenant")', { 'x-tenant': 'one' }, extensions)).toBe('three and three');
  });

  test('nobody shares a stream with who sent others', async () => {
    const tenants = ['a', 'b', 'a', 'c'];
    const seen = await Promise.all(tenants.map((it) => first('plantNow(header: "x-tenant")', { 'x-tenant': it })));
    expect(seen).toEqual(tenants.map((it) => `${it} and ${it}`));
  });

  test.each(['"a\\r\\nb: c"', '5', '{}'])('what no header can have is refused (%s)', async (value) => {
    const socket = new WebSocket(federation.url.replace('http', 'ws'), 'graphql-transport-ws');
    socket.on('open', () => socket.send(`{"type":"connection_init","payload":{"x-tenant":${value}}}`));
    const closed = await new Promise((resolve) => socket.on('close', (code, reason) => resolve(`${code} ${reason}`)));
    expect(closed).toMatch(/^4400 "x-tenant" is passed on to subgraphs as a header/);
  });
});

test('a subscription over server-sent events passes its headers on to the subgraph', async () => {
  const response = await fetch(federation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-tenant': 'one' },
    body: JSON.stringify({ query: 'subscription { plantNow(header: "x-tenant") }' }),
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('utf8');
    if (text.includes('plantNow')) break;
  }
  expect(text).toContain('{"plantNow":"one and one"}');
});
