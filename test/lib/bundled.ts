import { build, type BuildOptions, type Plugin } from 'esbuild';

/** A program in one file, as a plugin of the bundles changes it. */
export async function bundled(contents: string, plugin: Plugin, more: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    ...more,
    plugins: [plugin],
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
