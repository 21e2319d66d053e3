import { afterAll, expect, test } from 'vitest';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { readDefinition } from '../support/federation-subgraph.ts';
import { logWith } from '../support/runtime.ts';

// The planner's process loads the add-on from here, and finds none.
process.env['NAPI_RS_NATIVE_LIBRARY_PATH'] = '/nowhere/planner.node';
afterAll(() => {
  delete process.env['NAPI_RS_NATIVE_LIBRARY_PATH'];
});

const warnings: string[] = [];
const log = logWith({ warn: (text: string) => void warnings.push(text) });

test('where the native planner does not load, the fallback answers, with one warning, also after a reload', async () => {
  const federation = await startFederation(shop(), { runtime: { log } });
  expect((await federation.query('{ product(id: "p1") { name inStock } }')).data).toEqual({
    product: { name: 'Table', inStock: 4 },
  });
  const smaller = composeSources([
    { name: 'catalogue', url: federation.subgraphs['catalogue']!.url, document: readDefinition(shop().catalogue) },
  ]);
  expect(await federation.gateway.replaceSupergraph(smaller.sdl)).toBe(true);
  expect((await federation.query('{ product(id: "p2") { name } }')).data).toEqual({ product: { name: 'Lamp' } });
  expect((await federation.query('{ product(id: "p2") { inStock } }')).errors).toHaveLength(1);
  await federation.close();
  expect(warnings).toEqual(['the native planner cannot be used: the fallback engine answers, without subscriptions']);
});

test('engine: native ends the start with what to do', async () => {
  const start = startFederation(shop(), { config: { engine: 'native' } });
  await expect(start).rejects.toThrow('Run the gateway with engine: auto (or apollo), with @apollo/gateway installed');
});
