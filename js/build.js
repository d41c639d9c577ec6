/**
 * `node build.js [--watch]`: the bundle that the Python package carries, one minified ES module.
 *
 * Its text is a synced trait of every widget instance, so nothing is in it that a view can do without; `size.js` holds the budget.
 */

import { context } from 'esbuild'

const builder = await context({
  entryPoints: ['src/widget.ts'],
  outfile: '../nbstream/static/widget.js',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  loader: { '.css': 'text' },
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
