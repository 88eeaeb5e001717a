/**
 * `npm run scanner` compiles `core/` from AssemblyScript to WebAssembly and writes it into `core-bytes.ts`, so that nobody
 * who runs Gleaner needs the compiler. A test compiles it again and compares.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const ENTRY = join(import.meta.dirname, 'core', 'scan.ts');
export const CORE_BYTES_FILE = join(import.meta.dirname, 'core-bytes.ts');
const OPTIONS = [
  '--runtime',
  'stub',
  '--optimizeLevel',
  '3',
  '--noAssert',
  '--enable',
  'simd',
  '--enable',
  'bulk-memory',
];

/** The text of `core-bytes.ts`. Throws with the compiler's words. */
export async function coreBytesSource(): Promise<string> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main([ENTRY, '--baseDir', '/', '--outFile', 'core.wasm', ...OPTIONS], {
    writeFile: (_name, contents) => {
      wasm = contents as Uint8Array;
    },
  });
  if (error !== null || wasm === undefined) throw new Error(stderr.toString());
  const base64 = Buffer.from(wasm).toString('base64');
  return `/** Made by \`npm run scanner\` from core/; not to be edited. */\nexport const CORE_BASE64 =\n  '${base64}';\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(CORE_BYTES_FILE, await coreBytesSource());
