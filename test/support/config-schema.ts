/** JSON Schema (draft 2020-12), as far as options need it. */
export interface OptionSchema {
  readonly type: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly items?: { readonly type: string };
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | OptionSchema;
}

interface Option {
  readonly name: string;
  readonly type: string;
  readonly doc: string;
}

/**
 * The options as editors know them, from the interfaces that describe them: names, types and sentences of `root` and of
 * every interface that it uses.
 *
 * @param source TypeScript with the interfaces
 * @param defaults an object of the type `root`
 */
export function createConfigSchema(source: string, root: string, defaults: object): OptionSchema {
  const interfaces = new Map(
    [...source.matchAll(/export interface (\w+)(?: extends (\w+))? \{\n([\s\S]*?)\n\}/g)].map(
      ([, name = '', parent, body = '']) => [name, { parent, options: readOptions(body) }] as const,
    ),
  );
  const docs = new Map(
    [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport interface (\w+)/g)].map(([, doc = '', name = '']) => [
      name,
      doc,
    ]),
  );

  function optionsOf(name: string): readonly Option[] {
    const found = interfaces.get(name);
    if (!found) throw new Error(`There is no interface ${name}.`);
    return [...(found.parent ? optionsOf(found.parent) : []), ...found.options];
  }

  function sectionOf(name: string, given: object): OptionSchema {
    const options = optionsOf(name);
    const defaultOf = (option: string): unknown => (given as Record<string, unknown>)[option];
    const properties = options.map((option) => [option.name, schemaOf(option, defaultOf(option.name))] as const);
    return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
  }

  function schemaOf({ type, doc }: Option, value: unknown): OptionSchema {
    const plain = type.replace(/ \| undefined$/, '');
    const description = sentence(doc);
    const described = { ...(description && { description }), ...(isScalar(value) && { default: value }) };
    if (plain === 'number' && /\bnumber from 0 to 1\b/.test(doc)) {
      return { type: 'number', minimum: 0, maximum: 1, ...described };
    }
    if (plain === 'number')
      return { type: 'integer', minimum: /\b0 (is|takes|allows)/.test(doc) ? 0 : 1, ...described };
    if (plain === 'boolean' || plain === 'string') return { type: plain, ...described };
    if (plain === 'readonly string[]') return { type: ['array', 'string'], items: { type: 'string' }, ...described };
    const named = /^Readonly<Record<string, (.+)>>$/.exec(plain)?.[1];
    if (named !== undefined) {
      const each = schemaOf({ name: '', type: named, doc: '' }, undefined);
      return { type: 'object', additionalProperties: each, ...described };
    }
    const choices = [...plain.matchAll(/'([^']+)'/g)].map(([, choice = '']) => choice);
    if (choices.length > 0) return { type: 'string', enum: choices, ...described };
    const own = sentence(docs.get(plain) ?? '') || description;
    const section = sectionOf(plain, typeof value === 'object' && value !== null ? value : {});
    // Of a section without defaults, what may not be left out.
    const whole = optionsOf(plain).filter((option) => !option.type.endsWith('| undefined'));
    const required = value === undefined && whole.length > 0 && { required: whole.map(({ name }) => name) };
    return { ...section, ...required, ...(own && { description: own }) };
  }

  return sectionOf(root, defaults);
}

function readOptions(body: string): readonly Option[] {
  return [...body.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?readonly (\w+): ([^;]+);/g)].map(
    ([, doc = '', name = '', type = '']) => ({ name, type, doc }),
  );
}

const sentence = (doc: string) =>
  doc
    .replace(/^\s*\*/gm, ' ')
    .replace(/@default[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .trim();

const isScalar = (value: unknown) => ['number', 'string', 'boolean'].includes(typeof value);
