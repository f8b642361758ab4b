import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/inspect.ts', 'src/testing/index.ts', 'src/codec/msgpack.ts'],
  format: 'esm',
  target: 'node20',
  // What the entries have in common is one chunk, so that there is one copy of each class.
  splitting: true,
  sourcemap: true,
});
