import { parse, serialize } from 'parse5';
import { describe, expect, it } from 'vitest';
import { Enums, enumsOf } from '../../lib/enums.ts';
import { bundled } from './bundled.ts';

const SHIPPED = `export var State;
(function (State) {
    /** The first. */
    State[State["DATA"] = 0] = "DATA";
    State[State["NONE"] = -1] = "NONE";
})(State || (State = {}));`;

const ODD = [
  '<!doctype html><p>a<table>b<svg><title>c</svg><script><!--<script>--></script>',
  '<b><p>x</b>y<select><option>1<option>2</select><frameset>',
  '<template><td>&notit;&#128;<![CDATA[z]]></template><math><mi><![CDATA[z]]>',
  '<plaintext></plaintext><!-- - --',
];

describe('enumerations of libraries', () => {
  it.each([
    ['numbers', SHIPPED, 'export enum State { DATA = 0, NONE = -1 }'],
    ['texts', 'var N;\n(function (N) {\n    N["A"] = "a/b";\n})(N || (N = {}));', 'enum N { A = "a/b" }'],
  ])('are written as enumerations: %s', (_, shipped, written) => {
    expect(enumsOf(shipped)).toBe(written);
  });

  it('stay programs where a member is something else', () => {
    const computed = SHIPPED.replace('= 0]', '= 1 << 0]');
    expect(enumsOf(computed)).toBe(computed);
  });

  it('parse as before, by their values', async () => {
    const program = `import { parse, serialize } from 'parse5';
      export const again = (html) => serialize(parse(html));`;
    const code = await bundled(program, new Enums().plugin, { minify: true });
    expect(code.includes('SCRIPT_DATA_DOUBLE_ESCAPED_DASH_DASH')).toBe(false);
    const { again } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      again: (html: string) => string;
    };
    for (const html of ODD) expect(again(html)).toBe(serialize(parse(html)));
  });

  it('have to be there: a version of a library without them fails the build', async () => {
    const enums = new Enums();
    await bundled(`import { parse } from 'css-what'; console.log(parse);`, enums.plugin);
    expect(() => enums.check()).toThrow('knows no enumeration of parse5, htmlparser2, domelementtype');
  });
});
