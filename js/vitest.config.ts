import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [
    // Nothing runs in a worker here; the tests call what the worker would.
    {
      name: 'programs',
      enforce: 'pre',
      resolveId: (id) => (id.endsWith('?program') ? '\0program' : null),
      load: (id) => (id === '\0program' ? "export default ''" : null),
    },
    // As text, like esbuild's loader does; vitest's own handling of CSS would empty it.
    {
      name: 'css-as-text',
      enforce: 'pre',
      async load(id) {
        if (!id.endsWith('.css')) return null
        const { readFile } = await import('node:fs/promises')
        return { code: `export default ${JSON.stringify(await readFile(id, 'utf8'))}`, moduleType: 'js' }
      },
    },
  ],
  define: { NBSTREAM_PARTS: JSON.stringify('test') },
  // As in the build: see the module.
  resolve: { alias: { entities: new URL('./src/markdown/entities.ts', import.meta.url).pathname } },
  test: { environment: 'jsdom', include: ['test/**/*.test.ts'], css: true, server: { deps: { inline: ['markdown-it'] } } },
})
