import { describe, expect, test } from 'vitest';
import type { FieldSpec } from '#core/task.ts';
import { DEPTH_MAX } from '#extract/scan/numbers.ts';
import { parseMarkup } from '#extract/tree.ts';
import { extract, htmlField, records } from './documents.ts';

describe('html is parsed by the rules of HTML', () => {
  test.each<[name: string, html: string, field: string | FieldSpec, value: unknown]>([
    ['implied end tags of li', '<ul><li>a<li>b</ul>', { css: 'li', all: true }, ['a', 'b']],
    ['implied end tag of p', '<p>a<div>b</div>', 'p', 'a'],
    ['implied tbody', '<table><tr><td>x</table>', 'table > tbody > tr > td', 'x'],
    ['text is fostered out of a table', '<table><tr><td>in</td></tr>out</table>', 'body', 'outin'],
    ['misnested formatting', '<b>1<i>2</b>3</i>', { css: 'i', all: true }, ['2', '3']],
    ['a nested link closes the first', '<a href=1>x<a href=2>y</a>', { css: 'a', attr: 'href', all: true }, ['1', '2']],
    ['head and body are implied', 'hello', 'html > body', 'hello'],
    ['script is raw text', '<script>if (a < b && "<p>") {}</script><p>x', 'script', 'if (a < b && "<p>") {}'],
    ['no elements inside a script', '<script>"<p>no</p>"</script><p>yes', { css: 'p', all: true }, ['yes']],
    ['title takes no elements', '<title>a<b>b</b></title>', 'title', 'a<b>b</b>'],
    ['textarea drops one line feed', '<textarea>\n<b>x</textarea>', 'textarea', '<b>x'],
    ['style belongs to text content', '<div>a<style>p{}</style>b</div>', 'div', 'ap{}b'],
    ['comments do not', '<div>a<!-- x -->b</div>', 'div', 'ab'],
    ['named references without semicolon', '<p>&amp &copy2024 &notin; &nosuch;', 'p', '& ©2024 ∉ &nosuch;'],
    ['numeric references by windows-1252', '<p>&#x80;&#150;&#0;&#xD800;', 'p', '€–\ufffd\ufffd'],
    ['references in attributes', '<a title="a&ampb&amp;c">', { css: 'a', attr: 'title' }, 'a&ampb&c'],
    ['NUL is dropped from text', '<p>a\0b</p>', 'p', 'ab'],
    ['NUL in a name is U+FFFD', '<a\0b>x</a\0b>', 'a\ufffdb', 'x'],
    ['noscript is parsed', '<body><noscript><p>plain</p></noscript>', 'noscript > p', 'plain'],
    [
      'noscript in the head too',
      '<head><noscript><link href=x></noscript>',
      { css: 'noscript link', attr: 'href' },
      'x',
    ],
    ['template content is out of reach', '<template><p>no</p></template><p>yes</p>', { css: 'p', all: true }, ['yes']],
    ['and out of text', '<div>a<template>b</template>c</div>', 'div', 'ac'],
    ['the first of repeated attributes', '<p id=a id=b>', { css: 'p', attr: 'id' }, 'a'],
    ['names are case-insensitive', '<DIV Class=Big>x</DIV>', 'div[CLASS=Big]', 'x'],
    ['values of classes are not', '<p class=Big>x</p>', '.big', null],
    ['svg keeps its names', '<svg><linearGradient id=g /></svg>', { css: 'linearGradient', attr: 'id' }, 'g'],
    ['svg attributes', '<svg viewBox="0 0 1 1"></svg>', { css: 'svg[viewBox]', attr: 'viewBox' }, '0 0 1 1'],
    ['namespaced attributes', '<svg><use xlink:href="#i"/></svg>', { css: 'use', attr: 'xlink:href' }, '#i'],
    ['an unknown tag', '<my-tag>x</my-tag>', 'my-tag', 'x'],
    ['truncated in a tag', '<p>a</p><p class="', { css: 'p', all: true }, ['a']],
    ['nothing at all', '', 'p', null],
  ])('%s', async (_name, html, field, value) => {
    await expect(htmlField(field, html)).resolves.toEqual(value);
  });
});

describe('selectors', () => {
  const page = '<div class=q id=1><b>a</b><div><b>b</b></div></div><div class=q id=2><b>c</b></div><b>d</b>';
  test.each<[css: string, values: (string | null)[]]>([
    ['b', ['a', 'c']],
    ['> b', ['a', 'c']],
    [':scope > div > b', ['b', null]],
    ['body b', ['a', 'c']],
    ['.q > div b', ['b', null]],
    ['b:contains(c)', [null, 'c']],
    ['div:has(> b)', ['b', null]],
    ['b:not(:scope > b)', ['b', null]],
    [':is(:scope > div) b', ['b', null]],
    ['b, div', ['a', 'c']],
    ['nothing', [null, null]],
  ])('each .q, field %s', async (css, values) => {
    const found = await records({ format: 'html', each: '.q', fields: { f: css } }, page);
    expect(found).toEqual(values.map((f) => ({ f })));
  });

  test.each(['.', ':scope', ' . ', ':scope.q', 'p, :scope'])('%s is the element itself', async (css) => {
    const found = await records({ format: 'html', each: '.q', fields: { id: { css, attr: 'id' } } }, page);
    expect(found).toEqual([{ id: '1' }, { id: '2' }]);
  });

  test('without each the scope is the root element', async () => {
    await expect(htmlField({ css: ':scope', as: 'html' }, '<p>x')).resolves.toBe(
      '<html><head></head><body><p>x</p></body></html>',
    );
    await expect(htmlField({ css: ':scope', all: true }, '<p>x')).resolves.toEqual(['x']);
    await expect(htmlField(':scope > body > p', '<p>x')).resolves.toBe('x');
  });

  test('each that nests gives inner and outer records, in the order of the document', async () => {
    const nested = '<i class=q>1<i class=q>2</i></i>';
    await expect(records({ format: 'html', each: '.q', fields: { t: '.' } }, nested)).resolves.toEqual([
      { t: '12' },
      { t: '2' },
    ]);
  });

  test('each without a match gives no record', async () => {
    await expect(records({ format: 'html', each: '.none', fields: { t: '.' } }, page)).resolves.toEqual([]);
  });
});

test('as html is the element with its own tag, templates included', async () => {
  const html = '<div title="a&quot;b"><br>x &amp; y<template><p>t</p></template></div>';
  await expect(htmlField({ css: 'div', as: 'html' }, html)).resolves.toBe(html);
});

test('as html keeps the order of attributes, numbers too', async () => {
  const html = '<svg b="" xlink:href="#x" href="y" 1="" a=""></svg>';
  await expect(htmlField({ css: 'svg', as: 'html' }, html)).resolves.toBe(html);
  await expect(htmlField({ css: 'svg[href=y]', attr: 'xlink:href' }, html)).resolves.toBe('#x');
  await expect(htmlField({ css: '[href="#x"]', attr: 'b' }, html)).resolves.toBe(null);
});

describe('hostile pages', () => {
  test('nesting beyond the bound is refused, not a crash', async () => {
    const result = await extract({ format: 'html', fields: { f: 'div' } }, '<div>'.repeat(DEPTH_MAX + 10));
    expect(result).toEqual({
      ok: false,
      reason: 'extract',
      detail: `elements are nested deeper than ${String(DEPTH_MAX)}`,
    });
  });

  test('nesting within the bound is read', async () => {
    const html = `${'<div>'.repeat(DEPTH_MAX - 10)}deep`;
    await expect(htmlField('div div', html)).resolves.toBe('deep');
    await expect(htmlField({ css: 'body', as: 'html' }, html)).resolves.toContain('deep</div>');
  });

  test('a short page cannot ask for elements without bound', () => {
    const html = `<p>${'<font size=1><font size=2>'.repeat(10)}${'<p>x'.repeat(1000)}`;
    const bounds = { elements: 2_000, depth: DEPTH_MAX };
    expect(parseMarkup('html', html, bounds)).toEqual({
      ok: false,
      detail: 'the document has more than 2000 elements',
    });
    expect(parseMarkup('html', '<p>x'.repeat(1000), bounds)).toMatchObject({ ok: true });
  });

  test('the bounds of xml', () => {
    const bounds = { elements: 10, depth: 5 };
    expect(parseMarkup('xml', '<a>'.repeat(7), bounds)).toEqual({
      ok: false,
      detail: 'elements are nested deeper than 5',
    });
    expect(parseMarkup('xml', `<a>${'<b/>'.repeat(10)}</a>`, bounds)).toMatchObject({ ok: false });
    expect(parseMarkup('xml', `<a>${'<b/>'.repeat(9)}</a>`, bounds)).toMatchObject({ ok: true });
  });
});
