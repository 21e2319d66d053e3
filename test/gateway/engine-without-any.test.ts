import { afterAll, expect, test, vi } from 'vitest';
import { startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';

// The planner's process loads the add-on from here, and finds none.
process.env['NAPI_RS_NATIVE_LIBRARY_PATH'] = '/nowhere/planner.node';
afterAll(() => {
  delete process.env['NAPI_RS_NATIVE_LIBRARY_PATH'];
});
vi.mock('@apollo/gateway', () => {
  throw new Error("Cannot find package '@apollo/gateway'.");
});

test.each([
  ['auto', 'No engine can be loaded. Install the fallback: npm install @apollo/gateway@2.14.4.'],
  [
    'apollo',
    'The fallback engine needs @apollo/gateway, which cannot be loaded. Install it: npm install @apollo/gateway@',
  ],
] as const)('engine: %s says at the start what to install', async (engine, sentence) => {
  const failed = startFederation(shop(), { config: { engine } });
  await expect(failed).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringContaining(sentence),
  });
});
