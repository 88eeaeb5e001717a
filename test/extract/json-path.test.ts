import fc from 'fast-check';
import { query } from 'jsonpath-rfc9535';
import { expect, test } from 'vitest';
import type { Json } from '#core/json.ts';
import { compileJsonPath } from '#extract/json-path.ts';

const KEYS = ['a', 'b', '0', 'length', '__proto__'];
const { document } = fc.letrec<{ document: Json }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json>(null, true, 0, 'text', ''),
    fc.array(tie('document'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('document')), { maxLength: 4 }).map(Object.fromEntries<Json>),
  ),
}));
const step = fc.constantFrom('.*', '[*]', '[0]', '[-1]', ...KEYS.map((key) => `["${key}"]`), '.a', '.b');

test('paths of names, indices and wildcards find what the library finds', () => {
  fc.assert(
    fc.property(document, fc.array(step, { maxLength: 5 }), (root, steps) => {
      const path = `$${steps.join('')}`;
      const { all, first } = compileJsonPath(path);
      const found = query(root, path);
      expect(all(root)).toEqual(found);
      expect(first(root)).toEqual(found[0]);
    }),
    { numRuns: 2_000 },
  );
});
