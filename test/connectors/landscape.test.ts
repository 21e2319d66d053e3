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
    ['{ connector: sapp }', 'landscape.yaml:14: "plants.LYO.systems.ERP.connector" is "sapp". Write reference or sap.'],
    [
      '{ connector: reference, store: LYON }',
      'landscape.yaml:14: "plants.LYO.systems.ERP.store" is "LYON". Write the name',
    ],
    ['{ connector: reference, store: 7 }', 'landscape.yaml:14: "plants.LYO.systems.ERP.store" is 7. Write text'],
    ['{ connector: reference, demo: maybe }', '"plants.LYO.systems.ERP.demo" is "maybe". Write true or false'],
    ['{ connector: reference, sotre: lyon }', 'Unknown key "plants.LYO.systems.ERP.sotre". Did you mean "store"?'],
    ['{ store: lyon }', 'landscape.yaml:14: "plants.LYO.systems.ERP.connector" is missing. Write reference or sap.'],
    ['reference', 'landscape.yaml:14: "plants.LYO.systems.ERP" is "reference". Write its keys below it'],
  ])('with a mistake such as %s names file, line and remedy', (erp, message) => {
    expect(() => landscape(erp)).toThrow(message);
  });

  test.each([
    ['plants:', 'landscape.yaml:1: There is no plant. Write a plant code below "plants".'],
    ['plants: { B/R: { name: B } }', 'landscape.yaml:1: "B/R" is no plant code. Write 1 to 20 letters'],
    [
      'plants: { BER: { name: B } }',
      'landscape.yaml:1: "plants.BER.timeZone" is missing. Write one of the IANA database',
    ],
    ['plants: { BER: { timeZone: Berlin } }', 'landscape.yaml:1: "plants.BER.timeZone" is "Berlin". Write one of'],
    ['plants: { 100: { name: B } }', 'landscape.yaml:1: Plant "100" has no settings. Write name, timeZone and systems'],
    ['plants: [', 'landscape.yaml:1: Not valid YAML'],
  ])('tells everything that is wrong with a file such as %s', (text, message) => {
    const file = join(folder, 'landscape.yaml');
    writeFileSync(file, text);
    expect(() => readLandscape(file, connectors)).toThrow(message);
  });

  test('knows the connectors of each system apart', () => {
    expect(() => landscape('{ connector: sap }', '{ connector: sap }')).toThrow(
      'landscape.yaml:15: "plants.LYO.systems.MES.connector" is "sap". Write reference.',
    );
  });
});
