import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as names from '#core/names.ts';

const RUN = names.timeId(Date.UTC(2026, 10, 23), new Uint8Array(10));

describe('names', () => {
  it('make ids that sort by time and pass their own check', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        fc.nat(1000),
        fc.uint8Array({ minLength: 10, maxLength: 10 }),
        (ms, later, random) => {
          const [a, b] = [names.timeId(ms, random), names.timeId(ms + later + 1, random)];
          expect(names.isRunId(a)).toBe(true);
          expect(a < b).toBe(true);
        },
      ),
    );
  });
  it.each(['', 'a/b', '../x', 'A', 'x#y', 'T#x'])('refuse the tenant %j', (tenant) => {
    expect(() => names.runPk(tenant, RUN)).toThrow(RangeError);
    expect(() => names.uploadObject(tenant, RUN)).toThrow(RangeError);
  });
  it.each(['records-../../x.ndjson.gz', 'records-a/b.ndjson.gz', 'other-a.ndjson.gz', 'records-a.txt'])(
    'refuse the file %j',
    (file) => {
      expect(() => names.fileObject('acme', RUN, file)).toThrow(RangeError);
    },
  );
  it('shard ids can be read back, and sort as they were cut', () => {
    const name = { round: 3, plan: 12, index: 4567 };
    expect(names.parseShardId(names.shardId(name))).toEqual(name);
    expect(names.shardId({ ...name, index: 9 }) < names.shardId({ ...name, index: 10 })).toBe(true);
    expect(names.shardKey('acme', RUN, names.shardId(name)).sk.startsWith(names.planPrefix(3, 12))).toBe(true);
  });
  it('every key starts with its tenant', () => {
    const keys = [
      names.tenantKey('acme'),
      names.taskKey('acme', 'x'),
      names.versionKey('acme', 'x', 1),
      names.runKey('acme', RUN),
      names.idempotencyKey('acme', 'k'),
    ];
    expect(keys.every(({ pk }) => pk === 'T#acme' || pk.startsWith('T#acme#'))).toBe(true);
    expect(names.manifestObject('acme', RUN, 0).startsWith('t/acme/')).toBe(true);
  });
  it('an API key names its tenant and nothing else is taken for one', () => {
    const key = names.formatApiKey('acme-2', new Uint8Array(32).fill(255));
    expect(names.parseApiKey(key)?.tenant).toBe('acme-2');
    for (const bad of ['', 'gln_acme_short', `${key}x`, key.replace('gln_', 'xyz_'), key.replace('acme-2', 'AC')])
      expect(names.parseApiKey(bad)).toBeUndefined();
  });
});
