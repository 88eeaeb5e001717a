/**
 * Everything that a handler starts with in one file. A file is divided along the sets of entries that reach its modules, and each
 * `import()` is an entry: what the start shares with this port and with that one would be a file each, a dozen to be found, opened and
 * bound to each other. An `import()` that reaches all of the start divides nothing of it.
 */
import { dirname, relative } from 'node:path';
import type { Plugin } from 'esbuild';

const LATER = 'later';
const START = 'start-of-the-handler';
const isLibrary = (path: string): boolean => /[\\/]node_modules[\\/]/.test(path);

/** @param handler its file. */
export const oneStart = (handler: string): Plugin => ({
  name: 'one-start',
  setup: ({ onLoad, onResolve, resolve }) => {
    onResolve({ filter: /./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      // A library's own may want a `default`, which `export *` leaves behind.
      if (kind !== 'dynamic-import' || pluginData === LATER || isLibrary(importer)) return undefined;
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: LATER });
      if (found.errors.length > 0 || found.external) return found;
      // By a name that is the same in every checkout: names of files, and with them the asset's, are made of it.
      const name = relative(dirname(handler), found.path).replaceAll('\\', '/');
      return { path: name, namespace: LATER, pluginData: found.path };
    });
    onLoad({ filter: /./, namespace: LATER }, ({ pluginData }) => ({
      contents: `import {} from '${START}'; export * from ${JSON.stringify(pluginData)};`,
      resolveDir: dirname(handler),
    }));
    onResolve({ filter: new RegExp(`^${START}$`) }, () => ({ path: handler }));
  },
});
