import { expect, it } from 'vitest';
import { plot, type Panel } from '../../src/sim/plot.ts';

const panel: Panel = {
  title: 'a < b & c',
  x: { label: 'seconds', min: 0, max: 10 },
  y: { label: 'per second', min: 1, max: 1000, log: true },
  lines: [
    {
      name: 'goal',
      points: [
        [0, 10],
        [10, 10],
      ],
      isGoal: true,
    },
    {
      name: 'ours',
      points: [
        [0, 1],
        [5, 100],
        [10, 1_000_000],
      ],
    },
  ],
};

it('a plot puts every point in its place, and what is too high at the edge', () => {
  const svg = plot('title', [panel]);
  expect(svg).toContain('<text x="52" y="17" font-weight="bold">a &lt; b &amp; c</text>');
  // 440 × 250 with edges of 52, 12, 26 and 40: x from 52 to 428, y from 210 up to 26 over three decades.
  expect(svg).toContain('points="52,210 240,87.3 428,26"');
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
  for (const tick of ['>1<', '>10<', '>100<', '>1000<', '>0<', '>2<', '>8<']) expect(svg).toContain(tick);
});

it('panels stand side by side with one legend', () => {
  const svg = plot('title', [panel, panel, panel]);
  expect(svg).toContain('viewBox="0 0 880 522"');
  expect(svg).toContain('translate(440,22)');
  expect(svg).toContain('translate(0,272)');
  expect(svg.match(/>ours</g)).toHaveLength(1);
});
