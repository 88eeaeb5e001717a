/**
 * Enumerations of TypeScript, which libraries ship as the program that makes an object of each. Written as what they were, a bundler
 * knows their values: `State.DATA` becomes `0`, and the object is left out where nothing else asks for it.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const LIBRARIES = ['parse5', 'htmlparser2', 'css-what', 'domelementtype'] as const;
const PATH = new RegExp(`[\\\\/]node_modules[\\\\/](${LIBRARIES.join('|')})[\\\\/]dist[\\\\/].*\\.js$`);

/** `export var State; (function (State) { … })(State || (State = {}));` */
const ENUM = /^(export )?var (\w+);\n\(function \(\2\) \{\n([^]*?)\n\}\)\(\2 \|\| \(\2 = \{\}\)\);$/gm;
/** `State[State["DATA"] = 0] = "DATA";`, or `State["DATA"] = "data";`. */
const MEMBER = /^\s*(?:(\w+)\[\1\["(\w+)"\] = (-?\d+)\] = "\2"|\w+\["(\w+)"\] = ("[^"\\]*"));$/;
const COMMENT = /^\s*(?:\/\*\*|\*|\/\/)/;

/** One for a whole set of builds. */
export class Enums {
  readonly #met = new Set<string>();

  readonly plugin: Plugin = {
    name: 'enums',
    setup: ({ onLoad }) => {
      onLoad({ filter: PATH }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const contents = enumsOf(source);
        if (contents === source) return undefined;
        this.#met.add(PATH.exec(path)?.[1] ?? '');
        return { contents, loader: 'ts' };
      });
    },
  };

  /** @throws when a library has them in another way than the one that is known here. */
  check(): void {
    const missed = LIBRARIES.filter((one) => !this.#met.has(one));
    if (missed.length > 0) throw new Error(`lib/enums.ts knows no enumeration of ${missed.join(', ')}`);
  }
}

/** One with a member of another form is left as it is. */
export const enumsOf = (source: string): string =>
  source.replace(ENUM, (program, exported: string | undefined, name: string, body: string) => {
    const lines = body.split('\n').filter((line) => !COMMENT.test(line));
    const members = lines.map((line) => MEMBER.exec(line));
    if (members.includes(null)) return program;
    const written = members.map(
      (member) => `${member?.[2] ?? member?.[4] ?? ''} = ${member?.[3] ?? member?.[5] ?? ''}`,
    );
    return `${exported ?? ''}enum ${name} { ${written.join(', ')} }`;
  });
