/** Conditions and changes of the `Table` port as DynamoDB expressions, with placeholders for every name and value. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { encode } from './attributes.ts';
import type { Attr, Change, Condition } from '#core/ports.ts';

export class Expression {
  readonly #names = new Map<string, string>();
  readonly #values: Record<string, AttributeValue> = {};
  #count = 0;

  condition(condition: Condition | undefined): { ConditionExpression?: string } {
    return condition === undefined ? {} : { ConditionExpression: this.#render(condition) };
  }

  update(change: Change): { UpdateExpression?: string } {
    const clauses: string[] = [];
    const sets = [
      ...Object.entries(change.set ?? {}).map(([name, value]) => `${this.#name(name)} = ${this.#value(value)}`),
      ...Object.entries(change.append ?? {}).map(([name, values]) => {
        const attr = this.#name(name);
        return `${attr} = list_append(if_not_exists(${attr}, ${this.#value([])}), ${this.#value(values)})`;
      }),
    ];
    if (sets.length > 0) clauses.push(`SET ${sets.join(', ')}`);
    const removes = (change.remove ?? []).map((name) => this.#name(name));
    if (removes.length > 0) clauses.push(`REMOVE ${removes.join(', ')}`);
    const adds = Object.entries(change.add ?? {}).map(([name, value]) => `${this.#name(name)} ${this.#value(value)}`);
    if (adds.length > 0) clauses.push(`ADD ${adds.join(', ')}`);
    return clauses.length > 0 ? { UpdateExpression: clauses.join(' ') } : {};
  }

  /** To be spread last: what the expressions above refer to. */
  names(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  } {
    return {
      ...(this.#names.size > 0 && {
        ExpressionAttributeNames: Object.fromEntries(
          [...this.#names].map(([name, placeholder]) => [placeholder, name]),
        ),
      }),
      ...(Object.keys(this.#values).length > 0 && { ExpressionAttributeValues: this.#values }),
    };
  }

  #render(condition: Condition): string {
    if ('absent' in condition) return `attribute_not_exists(${this.#name(condition.absent)})`;
    if ('present' in condition) return `attribute_exists(${this.#name(condition.present)})`;
    if ('eq' in condition) return this.#compare(condition.eq, '=');
    if ('ne' in condition)
      return `(attribute_exists(${this.#name(condition.ne[0])}) AND ${this.#compare(condition.ne, '<>')})`;
    if ('lt' in condition) return this.#compare(condition.lt, '<');
    if ('le' in condition) return this.#compare(condition.le, '<=');
    if ('between' in condition) {
      const [name, low, high] = condition.between;
      return `${this.#name(name)} BETWEEN ${this.#value(low)} AND ${this.#value(high)}`;
    }
    if ('in' in condition) {
      const [name, values] = condition.in;
      return `${this.#name(name)} IN (${values.map((value) => this.#value(value)).join(', ')})`;
    }
    if ('all' in condition) return `(${condition.all.map((each) => this.#render(each)).join(' AND ')})`;
    return `(${condition.any.map((each) => this.#render(each)).join(' OR ')})`;
  }

  #compare([name, value]: [string, string | number | boolean], operator: string): string {
    return `${this.#name(name)} ${operator} ${this.#value(value)}`;
  }

  #name(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const placeholder = `#${String(this.#names.size)}`;
    this.#names.set(name, placeholder);
    return placeholder;
  }

  #value(value: Attr): string {
    const placeholder = `:${String(this.#count++)}`;
    this.#values[placeholder] = encode(value);
    return placeholder;
  }
}
