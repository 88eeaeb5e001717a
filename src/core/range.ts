/** `range` sources: the product of their variables, in the order the variables are written, the last one fastest. */
import type { RangeVariable, SourceSpec } from './task.ts';

export function* expandRange(range: NonNullable<SourceSpec['range']>): Generator<string> {
  const variables = Object.entries(range).filter((entry): entry is [string, RangeVariable] => entry[0] !== 'url');
  yield* expand(String(range.url), variables);
}

function* expand(url: string, variables: [string, RangeVariable][]): Generator<string> {
  const [first, ...rest] = variables;
  if (first === undefined) {
    yield url;
    return;
  }
  const [name, { from, to, step, pad }] = first;
  for (let value = from; value <= to; value += step) {
    const digits = `${value < 0 ? '-' : ''}${String(Math.abs(value)).padStart(pad, '0')}`;
    yield* expand(url.replaceAll(`{${name}}`, digits), rest);
  }
}
