/**
 * `node build.js [--watch]`: the bundle that the Python package carries, one minified ES module.
 *
 * Its text is a synced trait of every widget instance, so nothing is in it that a view can do without; `size.js` holds the budget.
 */

import { readFile } from 'node:fs/promises'
import { context, transform } from 'esbuild'

/** A stylesheet as its text, without comments and white space: it is carried as often as the script is. */
const styles = {
  name: 'styles',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true })
      return { contents: code, loader: 'text', watchFiles: [path] }
    })
  },
}

const builder = await context({
  entryPoints: ['src/widget.ts'],
  outfile: '../nbstream/static/widget.js',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  plugins: [styles],
  logLevel: 'info',
})

if (process.argv.includes('--watch')) {
  await builder.watch()
} else {
  try {
    await builder.rebuild()
  } finally {
    await builder.dispose()
  }
}
