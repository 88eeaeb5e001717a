/**
 * `npm run scanner` compiles `core/` from AssemblyScript to WebAssembly and writes it into `core-bytes.ts`, so that nobody
 * who runs Gleaner needs the compiler. A test compiles it again and compares.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import binaryen from 'assemblyscript/binaryen';

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
  const base64 = Buffer.from(inlined(wasm)).toString('base64');
  return `/** Made by \`npm run scanner\` from core/; not to be edited. */\nexport const CORE_BASE64 =\n  '${base64}';\n`;
}

/** A call costs as much as most of what it is for here, and the compiler's own bounds, which no option of its sets, leave nine for a tag. */
function inlined(wasm: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(binaryen.Features.All);
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(20);
  binaryen.setFlexibleInlineMaxSize(70);
  binaryen.setOneCallerInlineMaxSize(3_000);
  binaryen.setAllowInliningFunctionsWithLoops(true);
  module.optimize();
  return module.emitBinary();
}

if (process.argv[1] === import.meta.filename) writeFileSync(CORE_BYTES_FILE, await coreBytesSource());
