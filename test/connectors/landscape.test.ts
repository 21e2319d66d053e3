import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLandscape } from '../../connectors/landscape.ts';

const connectors = { ERP: ['reference', 'sap'], MES: ['reference'], QMS: ['reference'], CMMS: ['reference'] };

describe('landscape.yaml', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-landscape-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Two plants: LYO with other settings for its ERP and MES. */
  function landscape(erp: string, mes = '{ connector: reference }') {
    const file = join(folder, 'landscape.yaml');
    const plant = (code: string, erpSettings: string, mesSettings: string) =>
      [
        `  ${code}:`,
        `    name: ${code}`,
        '    timeZone: Europe/Berlin',
        '    systems:',
        `      ERP: ${erpSettings}`,
        `      MES: ${mesSettings}`,
        '      QMS: { connector: reference }',
        '      CMMS: { connector: reference }',
      ].join('\n');
    const reference = '{ connector: reference }';
    writeFileSync(file, `plants:\n${plant('BER', reference, reference)}\n${plant('LYO', erp, mes)}\n`);
    return readLandscape(file, connectors);
  }
  const settingsOf = (erp: string) => landscape(erp).plants.map(({ systems }) => systems.ERP);

  test('says for each plant which connector speaks to which system, and with which store', () => {
    expect(settingsOf('{ connector: sap }').map(({ connector }) => connector)).toEqual(['reference', 'sap']);
    expect(settingsOf('{ connector: reference, store: lyon, demo: true }')).toEqual([
      { connector: 'reference', store: 'erp', demo: false },
      { connector: 'reference', store: 'erp_lyon', demo: true },
    ]);
  });

  test.each([
    ['{ connector: sapp }', 'landscape.yaml:14: there is no connector sapp for ERP; there is reference, sap.'],
    ['{ connector: reference, store: LYON }', 'landscape.yaml:14: `store` is the name of a store'],
    ['{ connector: reference, store: 7 }', 'landscape.yaml:14: `store` is the name of a store'],
    ['{ connector: reference, demo: maybe }', 'landscape.yaml:14: `demo` is true or false.'],
    ['{ connector: reference, sotre: lyon }', 'landscape.yaml:14: `sotre` is not known here'],
    ['{ store: lyon }', 'landscape.yaml:14: ERP of plant LYO needs `connector`: reference or sap.'],
  ])('with a mistake such as %s names file, line and remedy', (erp, message) => {
    expect(() => landscape(erp)).toThrow(message);
  });

  test('knows the connectors of each system apart', () => {
    expect(() => landscape('{ connector: sap }', '{ connector: sap }')).toThrow(
      'landscape.yaml:15: there is no connector sap for MES; there is reference.',
    );
  });
});
