import type { Json, JsonObject } from '#core/json.ts';

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Empty for what is no JSON object: who reads it next says so in its own words. */
export function parsedObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Reads resolved properties of one resource; every complaint says where, what was expected and what came. */
export class Properties {
  readonly where: string;
  readonly #values: JsonObject;

  constructor(where: string, values: Json | undefined) {
    this.where = where;
    if (values !== undefined && !isObject(values)) throw this.#wrong('', 'an object', values);
    this.#values = values ?? {};
  }

  #wrong(name: string, expected: string, came: Json | undefined): Error {
    const shown = came === undefined ? 'nothing' : JSON.stringify(came).slice(0, 120);
    return new Error(`${this.where}${name === '' ? '' : `.${name}`}: expected ${expected}, got ${shown}`);
  }

  raw(name: string): Json | undefined {
    return this.#values[name];
  }

  optionalText(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrong(name, 'text', value);
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw this.#wrong(name, 'text', undefined);
    return value;
  }

  /** CloudFormation takes numbers as text too. */
  number(name: string, fallback: number): number {
    const value = this.#values[name];
    if (value === undefined) return fallback;
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) throw this.#wrong(name, 'a number', value);
    return number;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#values[name];
    if (value === undefined) return fallback;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw this.#wrong(name, 'a boolean', value);
  }

  object(name: string): Properties {
    return new Properties(`${this.where}.${name}`, this.#values[name]);
  }

  list(name: string): Json[] {
    const value = this.#values[name];
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list', value);
    return value;
  }

  objects(name: string): Properties[] {
    return this.list(name).map((value, i) => new Properties(`${this.where}.${name}[${i}]`, value));
  }

  /** Things that would change behaviour and that nobody plays here must not be passed over in silence. */
  refuse(...names: string[]): void {
    for (const name of names) {
      const value = this.#values[name];
      if (value !== undefined && !(Array.isArray(value) && value.length === 0)) {
        throw new Error(`${this.where}.${name}: the local world does not play this`);
      }
    }
  }
}
