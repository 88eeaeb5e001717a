import { expect, it } from 'vitest';
import { onFirstUse } from '#lambdas/aws/first-use.ts';

interface Port {
  add(a: number, b: number): Promise<number>;
  fail(): Promise<never>;
}

it('loads a port once, when it is first asked, and passes everything on', async () => {
  let loads = 0;
  const real: Port = {
    add: (a, b) => Promise.resolve(a + b),
    fail: () => Promise.reject(new RangeError('no')),
  };
  const port = onFirstUse<Port>(() => {
    loads++;
    return Promise.resolve(real);
  });
  // Not taken for a promise, and not loaded by being handed on.
  expect(await Promise.resolve(port)).toBe(port);
  expect(loads).toBe(0);
  expect(await Promise.all([port.add(1, 2), port.add(3, 4)])).toEqual([3, 7]);
  expect(loads).toBe(1);
  await expect(port.fail()).rejects.toThrow(new RangeError('no'));
});

it('fails each call while it cannot be loaded, and none once it can', async () => {
  let failures = 0;
  const real: Port = { add: (a, b) => Promise.resolve(a + b), fail: () => Promise.reject(new Error('no')) };
  const port = onFirstUse<Port>(() => (failures++ < 2 ? Promise.reject(new Error('gone')) : Promise.resolve(real)));
  await expect(port.add(1, 2)).rejects.toThrow('gone');
  await expect(port.fail()).rejects.toThrow('gone');
  expect(await port.add(1, 2)).toBe(3);
});
