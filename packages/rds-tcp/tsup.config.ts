import { defineConfig } from 'tsup';

export default defineConfig({
  // File by file: each subcommand is loaded when it is called, and shares what the library has.
  // (With bundles that share chunks, esbuild loses `export *` from another package.)
  entry: ['src/**/*.ts'],
  bundle: false,
  format: 'esm',
  target: 'node20',
  sourcemap: true,
});
