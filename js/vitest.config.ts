import { defineConfig } from 'vitest/config'

export default defineConfig({
  // As text, like esbuild's loader does; vitest's own handling of CSS would empty it.
  plugins: [
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
  test: { environment: 'jsdom', include: ['test/**/*.test.ts'], css: true },
})
