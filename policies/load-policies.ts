import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DetailedError, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Cedar } from './cedar.ts';
import { PolicyError } from './policy-error.ts';

/** One policy, and where it stands. */
interface Policy {
  readonly id: string;
  readonly text: string;
  readonly file: SourceFile;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface LoadedPolicies {
  readonly schema: string;
  readonly schemaJson: SchemaJson<string>;
  /** Policy text by policy id. */
  readonly policies: Readonly<Record<string, string>>;
}

/**
 * Reads `schema.cedarschema` of the first folder and every `*.cedar` of all folders, and checks each policy against the
 * schema. A policy's id is its annotation `@id("…")`.
 *
 * @throws PolicyError at the first thing that is wrong, warnings among it: a policy that can never apply protects nobody
 */
export async function loadPolicies(cedar: Cedar, folders: readonly string[]): Promise<LoadedPolicies> {
  const [base = '.'] = folders;
  const schema = await readSource(join(base, 'schema.cedarschema'));
  const schemaJson = readSchema(cedar, schema);
  const files = (await Promise.all(folders.map(readFolder))).flat();
  const policies = files.flatMap((file) => readPolicies(cedar, file));
  refuseTwins(policies);
  const texts = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  validate(cedar, schema, policies, texts);
  return { schema: schema.text, schemaJson, policies: texts };
}

async function readFolder(folder: string): Promise<readonly SourceFile[]> {
  const names = await readdir(folder).catch((cause: unknown) => unreadable(folder, cause));
  const policyFiles = names.filter((name) => name.endsWith('.cedar')).sort();
  return Promise.all(policyFiles.map((name) => readSource(join(folder, name))));
}

async function readSource(path: string): Promise<SourceFile> {
  return { path, text: await readFile(path, 'utf8').catch((cause: unknown) => unreadable(path, cause)) };
}

function unreadable(file: string, cause: unknown): never {
  const problem = 'It cannot be read. Correct the path, or the permissions of the process.';
  throw new PolicyError({ file, line: null, problem }, { cause });
}

function readSchema(cedar: Cedar, file: SourceFile): SchemaJson<string> {
  const answer = cedar.schemaToJson(file.text);
  if (answer.type === 'failure') throw problemIn(file, 0, answer.errors);
  return answer.json;
}

function readPolicies(cedar: Cedar, file: SourceFile): readonly Policy[] {
  const parts = cedar.policySetTextToParts(file.text);
  if (parts.type === 'failure') throw problemIn(file, 0, parts.errors);
  const [template] = parts.policy_templates;
  if (template !== undefined) {
    const problem = 'A template (?principal, ?resource) has nothing to fill it. Write the policy out.';
    throw new PolicyError({ file: file.path, line: lineAt(file, offsetOf(file, template)), problem });
  }
  return parts.policies.map((text) => readPolicy(cedar, file, text));
}

function readPolicy(cedar: Cedar, file: SourceFile, text: string): Policy {
  const offset = offsetOf(file, text);
  const fail = (problem: string) => new PolicyError({ file: file.path, line: lineAt(file, offset), problem });
  const answer = cedar.policyToJson(text);
  if (answer.type === 'failure') throw problemIn(file, offset, answer.errors);
  const id = answer.json.annotations?.['id'];
  if (!id) throw fail('The policy has no name. Write @id("a-name") in front of it; decisions are explained by it.');
  // Decisions are shared by all principals of equal roles, plants, partner and scopes, so an id in a policy is never met.
  if (/"type":"(Principal|Row)"/.test(JSON.stringify(answer.json))) {
    throw fail('The policy names one principal or row. Name a role, plant, partner or scope instead.');
  }
  return { id, text, file, offset };
}

function refuseTwins(policies: readonly Policy[]): void {
  const first = new Map<string, Policy>();
  for (const policy of policies) {
    const twin = first.get(policy.id);
    first.set(policy.id, policy);
    if (!twin) continue;
    const { file, offset, id } = policy;
    const problem = `The name "${id}" is taken by a policy in ${twin.file.path}. Give this one another @id.`;
    throw new PolicyError({ file: file.path, line: lineAt(file, offset), problem });
  }
}

function validate(cedar: Cedar, schema: SourceFile, policies: readonly Policy[], texts: Record<string, string>): void {
  const answer = cedar.validate({ schema: schema.text, policies: { staticPolicies: texts } });
  if (answer.type === 'failure') throw problemIn(schema, 0, answer.errors);
  const [problem] = [...answer.validationErrors, ...answer.validationWarnings];
  if (problem) {
    const policy = policies.find(({ id }) => id === problem.policyId);
    throw problemIn(policy?.file ?? schema, policy?.offset ?? 0, [problem.error]);
  }
  if (answer.otherWarnings.length > 0) throw problemIn(schema, 0, answer.otherWarnings);
}

/** @param offset where the text that Cedar was given begins in the file, in bytes: Cedar counts in bytes too */
function problemIn(file: SourceFile, offset: number, errors: readonly DetailedError[]): PolicyError {
  const [error] = errors;
  const [place] = error?.sourceLocations ?? [];
  const hint = error?.help ?? place?.label ?? null;
  const remedy = `Correct it${hint === null ? '' : ` (${hint})`} and start again.`;
  return new PolicyError({
    file: file.path,
    line: place ? lineAt(file, offset + place.start) : null,
    problem: `${error?.message ?? 'This is not Cedar.'}. ${remedy}`,
  });
}

function offsetOf(file: SourceFile, part: string): number {
  return Math.max(Buffer.from(file.text).indexOf(part), 0);
}

function lineAt(file: SourceFile, offset: number): number {
  return Buffer.from(file.text).subarray(0, offset).toString().split('\n').length;
}
