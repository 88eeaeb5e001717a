import { describe, expect, it } from 'vitest';
import { adviceOf } from '#core/pace/headers.ts';

const NOW = 1_795_651_200_000;
const UNIX = NOW / 1000;

describe('what a host says about its limit', () => {
  it.each<[string, Record<string, string>, { rate: number; seconds: number } | undefined]>([
    ['nothing', {}, undefined],
    ['what is left until the reset', { ratelimit: '"default";r=50;t=25' }, { rate: 2, seconds: 25 }],
    ['the tightest of several', { ratelimit: '"burst";r=100;t=10, "day";r=600;t=600' }, { rate: 1, seconds: 600 }],
    ['nothing left', { ratelimit: '"default";r=0;t=7' }, { rate: 0, seconds: 7 }],
    ['as one list', { ratelimit: 'limit=100, remaining=40, reset=20' }, { rate: 2, seconds: 20 }],
    ['in fields of their own', { 'ratelimit-remaining': '30', 'ratelimit-reset': '10' }, { rate: 3, seconds: 10 }],
    ['with X-', { 'x-ratelimit-remaining': '30', 'x-ratelimit-reset': '10' }, { rate: 3, seconds: 10 }],
    [
      'as a UNIX time',
      { 'x-ratelimit-remaining': '30', 'x-ratelimit-reset': String(UNIX + 15) },
      { rate: 2, seconds: 15 },
    ],
    ['a policy alone', { 'ratelimit-policy': '"default";q=100;w=50' }, { rate: 2, seconds: 50 }],
    [
      'a policy of an earlier draft',
      { 'ratelimit-policy': '100;w=50, 1000;w=3600' },
      { rate: 1000 / 3600, seconds: 3600 },
    ],
    [
      'no reset but a policy',
      { ratelimit: '"a";r=20', 'ratelimit-policy': '"a";q=100;w=10' },
      { rate: 2, seconds: 10 },
    ],
    [
      'more than the policy',
      { ratelimit: '"a";r=5;t=5', 'ratelimit-policy': '"a";q=100;w=10' },
      { rate: 1, seconds: 5 },
    ],
    ['a reset that is past', { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': String(UNIX - 5) }, undefined],
    ['a reset in milliseconds', { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '9000000' }, undefined],
    ['words', { ratelimit: 'slow', 'x-ratelimit-remaining': 'few', 'x-ratelimit-reset': 'soon' }, undefined],
    ['half of it', { 'x-ratelimit-remaining': '3' }, undefined],
  ])('%s', (_, headers, expected) => {
    const advice = adviceOf(headers, NOW);
    expect(advice?.forMs).toBe(expected && expected.seconds * 1000);
    if (expected) expect(advice?.rate).toBeCloseTo(0.98 * expected.rate, 9);
  });
});
