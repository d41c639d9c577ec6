import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const INSTEAD = JSON.parse(readFileSync(new URL('./instead.json', import.meta.url), 'utf8')) as Record<string, string>

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
  // As in the bundle.
  resolve: {
    alias: Object.fromEntries(
      Object.entries(INSTEAD).map(([name, path]) => [name, fileURLToPath(new URL(path, import.meta.url))]),
    ),
  },
  define: { NBSTREAM_PARTS: JSON.stringify('test') },
  test: {
    server: { deps: { inline: ['markdown-it'] } },
    environment: 'jsdom',
    include: ['test/**/*.test.ts'],
    css: true,
  },
})
