/** JSON values by a JSON Schema (2020-12, what zod writes of it): mostly valid, often on a bound, now and then broken. */
export type Schema = Record<string, unknown>;

/** Chance that can be had again: the same seed gives the same requests. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) % 2_147_483_647 || 1;
  }
  next(): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    return this.#state / 2_147_483_647;
  }
  is(probability: number): boolean {
    return this.next() < probability;
  }
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }
  pick<T>(list: readonly T[]): T {
    const value = list[Math.floor(this.next() * list.length)];
    if (value === undefined) throw new Error('dice: nothing to pick from');
    return value;
  }
}

/** What fits no field, or only some. */
const BROKEN: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  '\0',
  '__proto__',
  '\ud800',
  'x'.repeat(9_000),
  'https://user:pass@a.example/',
  'http://[::1%25eth0]/',
  "'; DROP TABLE tenants; --",
  [],
  {},
  [[[[]]]],
  { a: { b: { c: 1 } } },
];
const TEXTS = [
  'a',
  'x-1',
  'https://a.example/1',
  '$.a',
  'h1',
  'a@b.example',
  '2030-01-01T00:00:00Z',
  '10.0.0.0/8',
  'Ω',
];

export class Values {
  readonly #dice: Dice;
  readonly #schemas: Record<string, Schema>;
  readonly wildness: number;
  /** @param wildness share of the values that are not meant to fit. */
  constructor(dice: Dice, schemas: Record<string, Schema>, wildness: number) {
    this.wildness = wildness;
    this.#dice = dice;
    this.#schemas = schemas;
  }

  of(schema: Schema, depth = 0): unknown {
    const dice = this.#dice;
    if (this.wildness > 0 && dice.is(this.wildness)) return dice.pick(BROKEN);
    if (typeof schema.$ref === 'string') return this.of(this.#resolve(schema.$ref), depth);
    if ('const' in schema) return schema.const;
    if (Array.isArray(schema.enum)) return dice.pick(schema.enum as unknown[]);
    for (const choice of ['anyOf', 'oneOf'] as const)
      if (Array.isArray(schema[choice])) return this.of(dice.pick(schema[choice] as Schema[]), depth + 1);
    const type = Array.isArray(schema.type) ? dice.pick(schema.type as string[]) : schema.type;
    switch (type) {
      case 'object':
        return this.#object(schema, depth);
      case 'array':
        return this.#array(schema, depth);
      case 'integer':
      case 'number':
        return this.#number(schema, type === 'integer');
      case 'boolean':
        return dice.is(0.5);
      case 'null':
        return null;
      default:
        return this.#text(schema);
    }
  }

  #resolve(ref: string): Schema {
    const found = this.#schemas[ref.slice(ref.lastIndexOf('/') + 1)];
    if (found === undefined) throw new Error(`fuzz: no schema ${ref}`);
    return found;
  }

  #object(schema: Schema, depth: number): Record<string, unknown> {
    const dice = this.#dice;
    const properties = (schema.properties ?? {}) as Record<string, Schema>;
    const required = new Set((schema.required ?? []) as string[]);
    const keep = depth > 4 ? 0.1 : 0.4;
    const value: Record<string, unknown> = {};
    for (const [name, inner] of Object.entries(properties))
      if (required.has(name) || dice.is(keep)) value[name] = this.of(inner, depth + 1);
    const more = schema.additionalProperties;
    if (typeof more === 'object' && more !== null)
      for (let i = dice.whole(0, 3); i > 0; i--)
        value[dice.pick(['a', 'Accept', 'x-key', 'Ω', ''])] = this.of(more as Schema, depth + 1);
    if (dice.is(this.wildness)) value.unknownField = dice.pick(BROKEN);
    for (const name of Object.keys(value)) if (dice.is(this.wildness / 2)) Reflect.deleteProperty(value, name);
    return value;
  }

  #array(schema: Schema, depth: number): unknown[] {
    const {
      minItems = 0,
      maxItems = 3,
      items = {},
    } = schema as { minItems?: number; maxItems?: number; items?: Schema };
    const length = this.#dice.whole(minItems, Math.max(minItems, Math.min(maxItems, minItems + 3)));
    return Array.from({ length }, () => this.of(items, depth + 1));
  }

  #number(schema: Schema, isWhole: boolean): number {
    const { minimum = 0, maximum = 1_000_000 } = schema as { minimum?: number; maximum?: number };
    const beyond = this.wildness > 0 ? [minimum - 1, maximum + 1] : [];
    const value = this.#dice.pick([minimum, maximum, minimum + (maximum - minimum) * this.#dice.next(), ...beyond]);
    return isWhole ? Math.round(value) : value;
  }

  #text(schema: Schema): string {
    const {
      minLength = 0,
      maxLength = 64,
      format,
    } = schema as { minLength?: number; maxLength?: number; format?: string };
    if (format === 'uri') return 'https://a.example/1';
    if (format === 'date-time') return '2030-01-01T00:00:00Z';
    const length = this.#dice.pick([
      minLength,
      Math.min(maxLength, 300),
      ...(this.wildness > 0 ? [maxLength + 1] : []),
    ]);
    return this.#dice.is(0.7) ? this.#dice.pick(TEXTS) : 'a'.repeat(Math.min(length, 20_000));
  }
}
