import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string =>
  fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run against the sources, so that stack traces and coverage are of what was written.
    // Tests that start processes use the build, which `npm test` makes first.
    alias: [
      { find: /^@rds-tcp\/core$/, replacement: source('rds-core/src/index.ts') },
      { find: /^@rds-tcp\/core\/inspect$/, replacement: source('rds-core/src/inspect.ts') },
      { find: /^@rds-tcp\/core\/testing$/, replacement: source('rds-core/src/testing/index.ts') },
      {
        find: /^@rds-tcp\/core\/codec\/msgpack$/,
        replacement: source('rds-core/src/codec/msgpack.ts'),
      },
      { find: /^rds-tcp$/, replacement: source('rds-tcp/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['packages/{rds-core,rds-tcp}/src/**/*.ts'],
    },
  },
});
