/** Queries of random selectors: mostly such as the scanner takes, some that need a tree. */
import type { MarkupQuery, Pick, Reading } from '#extract/markup.ts';
import type { Dice } from './dice.ts';

const NAMES = [
  'div', 'p', 'span', 'a', 'b', 'li', 'td', 'tr', 'table', 'tbody', 'ul', 'h1', 'title', 'option', 'svg', 'body', 'html', 'head', 'pre', 'em',
  'textarea', 'script', 'template', 'img', 'x-y', 'link', 'dd', 'form', 'i', 'font', 'section', 'br', 'lineargradient', 'math', 'select', 'nav',
]; // prettier-ignore
const TESTS = [
  '.a', '.b', '.note', '#a', '#b', '[href]', '[class]', '[class=a]', '[class~=b]', '[lang|=en]', '[href^="/p"]', '[href$="2"]', '[title*="y"]',
  '[type=hidden]', '[rel=next]', '[CLASS="A"]', '[title="x&y"]', '[class=a i]', '[lang="EN" s]', ':not(.a)', ':not(p, .b)', ':is(.a, .b)',
  ':where([href])', '[xlink\\:href]', '[viewBox]', '[data-x]', ':not([href])', '.中文', '[id!=a]', ':not(:is(.a))',
]; // prettier-ignore
const TREE = [
  ':has(b)',
  ':first-child',
  ' + p',
  ' ~ b',
  ':nth-child(2n)',
  ':empty',
  ':contains(text)',
  ':last-of-type',
  ':root',
];

export function randomSelector(dice: Dice): string {
  const list = Array.from({ length: dice.chance(0.2) ? 2 : 1 }, () => chain(dice));
  return list.join(', ');
}

function chain(dice: Dice): string {
  const start = dice.chance(0.08) ? dice.of(['> ', ':scope > ', ':scope ']) : '';
  let out = start + compound(dice);
  while (dice.chance(0.3)) out += dice.of([' ', ' ', ' > ']) + compound(dice);
  return dice.chance(0.03) ? out + dice.of(TREE) : out;
}

function compound(dice: Dice): string {
  const name = dice.chance(0.75) ? dice.of(NAMES) : dice.chance(0.3) ? '*' : '';
  const test = name === '' || dice.chance(0.3) ? dice.of(TESTS) : '';
  return name + test + (dice.chance(0.05) ? dice.of(TESTS) : '');
}

export function randomQuery(dice: Dice): MarkupQuery {
  const picks = Array.from({ length: 1 + dice.below(5) }, () => pick(dice));
  const each = dice.chance(0.35) ? randomSelector(dice) : undefined;
  if (each !== undefined && dice.chance(0.5)) picks.push({ ...pick(dice), css: '.' });
  const links = dice.chance(0.2) ? dice.of(['a[href]', 'a, img', '[src]', 'a', 'base[href]']) : undefined;
  const next = dice.chance(0.15) ? dice.of(['a.b', '[rel=next]', 'a', 'base[href]']) : undefined;
  return { each, picks, links, next, base: dice.chance(0.5) || links !== undefined || next !== undefined };
}

function pick(dice: Dice): Pick {
  const kind = dice.roll();
  const reading: Reading =
    kind < 0.6
      ? { as: 'text' }
      : kind < 0.75
        ? { as: 'html' }
        : { as: 'attribute', name: dice.of(['href', 'class', 'id', 'title', 'xlink:href', 'viewBox']) };
  return { css: randomSelector(dice), reading, all: dice.chance(0.5) };
}
