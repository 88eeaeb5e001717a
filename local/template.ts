/**
 * The intrinsic functions of CloudFormation that CDK templates use. What is not here is refused by name rather than
 * passed on unresolved, because an unresolved name would only show much later, inside a handler.
 */
import type { Json, JsonObject } from '#core/json.ts';
import { isObject } from './properties.ts';

export interface Resource {
  logicalId: string;
  type: string;
  /** Unresolved. */
  properties: JsonObject;
}

/** What a resource is called once it exists. */
export interface Referent {
  ref: string;
  attributes: Record<string, string>;
}

export interface TemplateContext {
  /** `AWS::Region`, `AWS::AccountId`, … */
  pseudo: Record<string, string>;
  referent(resource: Resource): Referent;
}

const SUPPORTED = 'Ref, GetAtt, Sub, Join, Select, Split, If, Equals, And, Or, Not, FindInMap, Base64';

export class Template {
  readonly resources: Resource[];
  readonly #template: JsonObject;
  readonly #context: TemplateContext;

  /** Resources whose condition is false do not exist. */
  constructor(template: JsonObject, context: TemplateContext) {
    this.#template = template;
    this.#context = context;
    this.resources = Object.entries(this.#section('Resources')).flatMap(([logicalId, body]) => {
      if (!isObject(body) || typeof body['Type'] !== 'string') throw new Error(`resource ${logicalId} has no type`);
      const condition = body['Condition'];
      if (typeof condition === 'string' && !this.#condition(condition)) return [];
      const properties = isObject(body['Properties']) ? body['Properties'] : {};
      return [{ logicalId, type: body['Type'], properties }];
    });
  }

  referent(resource: Resource): Referent {
    return this.#context.referent(resource);
  }

  /** Undefined = `AWS::NoValue`; such members of objects and lists disappear. */
  resolve(value: Json): Json | undefined {
    if (Array.isArray(value)) return value.flatMap((v) => this.#present(this.resolve(v)));
    if (!isObject(value)) return value;
    const [only, ...more] = Object.entries(value);
    if (
      only !== undefined &&
      more.length === 0 &&
      (only[0] === 'Ref' || only[0] === 'Condition' || only[0].startsWith('Fn::'))
    ) {
      return this.#intrinsic(only[0], only[1]);
    }
    const resolved: JsonObject = {};
    for (const [name, member] of Object.entries(value)) {
      const result = this.resolve(member);
      if (result !== undefined) resolved[name] = result;
    }
    return resolved;
  }

  #present(value: Json | undefined): Json[] {
    return value === undefined ? [] : [value];
  }

  #section(name: string): JsonObject {
    const section = this.#template[name];
    return isObject(section) ? section : {};
  }

  #text(value: Json | undefined, what: string): string {
    const resolved = value === undefined ? undefined : this.resolve(value);
    if (typeof resolved === 'string' || typeof resolved === 'number') return String(resolved);
    throw new Error(`${what}: expected text, got ${JSON.stringify(resolved)}`);
  }

  #list(value: Json | undefined, what: string): Json[] {
    const resolved = value === undefined ? undefined : this.resolve(value);
    if (!Array.isArray(resolved)) throw new Error(`${what}: expected a list, got ${JSON.stringify(resolved)}`);
    return resolved;
  }

  #intrinsic(name: string, value: Json): Json | undefined {
    const args = Array.isArray(value) ? value : [value];
    switch (name) {
      case 'Ref':
        return this.#ref(this.#text(value, name));
      case 'Condition':
        return this.#condition(this.#text(value, name));
      case 'Fn::GetAtt':
        return typeof value === 'string'
          ? this.#getAtt(...splitOnce(value))
          : this.#getAtt(this.#text(args[0], name), this.#text(args[1], name));
      case 'Fn::Sub':
        return this.#sub(args[0] ?? '', args[1]);
      case 'Fn::Join':
        return this.#list(args[1], name)
          .map((part) => this.#text(part, name))
          .join(this.#text(args[0], name));
      case 'Fn::Select':
        return this.#list(args[1], name)[Number(this.#text(args[0], name))];
      case 'Fn::Split':
        return this.#text(args[1], name).split(this.#text(args[0], name));
      case 'Fn::Base64':
        return Buffer.from(this.#text(value, name)).toString('base64');
      case 'Fn::If':
        return this.resolve((this.#condition(this.#text(args[0], name)) ? args[1] : args[2]) ?? null);
      case 'Fn::Equals':
        return JSON.stringify(this.resolve(args[0] ?? null)) === JSON.stringify(this.resolve(args[1] ?? null));
      case 'Fn::And':
        return args.every((arg) => this.resolve(arg) === true);
      case 'Fn::Or':
        return args.some((arg) => this.resolve(arg) === true);
      case 'Fn::Not':
        return this.resolve(args[0] ?? null) !== true;
      case 'Fn::FindInMap':
        return this.#findInMap(args.map((arg) => this.#text(arg, name)));
      default:
        throw new Error(`${name} is not resolved by the local world (it knows ${SUPPORTED})`);
    }
  }

  #condition(name: string): boolean {
    const body = this.#section('Conditions')[name];
    if (body === undefined) throw new Error(`condition ${name} is not in the template`);
    return this.resolve(body) === true;
  }

  #ref(name: string): Json | undefined {
    if (name === 'AWS::NoValue') return undefined;
    const pseudo = this.#context.pseudo[name];
    if (pseudo !== undefined) return pseudo;
    const parameter = this.#section('Parameters')[name];
    if (isObject(parameter)) {
      if (parameter['Default'] === undefined) throw new Error(`parameter ${name} has no default`);
      return parameter['Default'];
    }
    return this.#context.referent(this.#resource(name)).ref;
  }

  #getAtt(logicalId: string, attribute: string): string {
    const resource = this.#resource(logicalId);
    const value = this.#context.referent(resource).attributes[attribute];
    if (value === undefined)
      throw new Error(`${logicalId} (${resource.type}): attribute ${attribute} is not known to the local world`);
    return value;
  }

  #resource(logicalId: string): Resource {
    const resource = this.resources.find((r) => r.logicalId === logicalId);
    if (resource === undefined) throw new Error(`${logicalId} is not in the template`);
    return resource;
  }

  #sub(pattern: Json, values: Json | undefined): string {
    const own = isObject(values) ? values : {};
    return this.#text(pattern, 'Fn::Sub').replace(/\$\{(!?)([^}]*)\}/g, (_, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`;
      const value = own[name];
      if (value !== undefined) return this.#text(value, 'Fn::Sub');
      return name.includes('.') ? this.#getAtt(...splitOnce(name)) : this.#text(this.#ref(name) ?? '', 'Fn::Sub');
    });
  }

  #findInMap([map = '', top = '', second = '']: string[]): Json {
    const level = this.#section('Mappings')[map];
    const row = isObject(level) ? level[top] : undefined;
    const value = isObject(row) ? row[second] : undefined;
    if (value === undefined) throw new Error(`Fn::FindInMap: ${map}.${top}.${second} is not in the template`);
    return value;
  }
}

function splitOnce(name: string): [string, string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}
