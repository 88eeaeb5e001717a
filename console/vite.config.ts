import { defineConfig } from 'vite';

/** Relative addresses: the page may lie below any path. Nothing is inlined: the Content-Security-Policy allows no data: fonts. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  // Whoever builds it (a test has an environment of its own), it is the same.
  define: { 'process.env.NODE_ENV': JSON.stringify('production') },
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 2000 },
});
