/**
 * `node build.js [--watch]`: what the Python package carries of the front-end, in `nbstream/static`.
 *
 * The bundle (`widget.js`) is a synced trait of every widget instance, so nothing is in it that a view can do without. The rest
 * is in parts (`parts.json`), which the page asks its kernel for. `size.js` holds the budgets. `licenses.txt` has the licences
 * of the packages whose code or font went into one of these.
 */

import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build, context, transform } from 'esbuild'

const OUT = '../nbstream/static'
/** What stands in the place of a package, because browsers know it or views do not want it. */
const INSTEAD = JSON.parse(readFileSync('instead.json', 'utf8'))
const parts = JSON.parse(readFileSync('parts.json', 'utf8'))
const { resolve } = createRequire(join(process.cwd(), 'build.js'))

const COMMON = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  alias: INSTEAD,
  metafile: true,
}

/** A stylesheet as its text, without comments and white space: it is carried as often as the script is. */
const styles = {
  name: 'styles',
  setup(plugin) {
    plugin.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'css', minify: true })
      return { contents: code, loader: 'text', watchFiles: [path] }
    })
  },
}

/** `import text from './x.worker?program'`: the module as one script, for a worker that is made from a text. */
const programs = {
  name: 'programs',
  setup(plugin) {
    plugin.onResolve({ filter: /\?program$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace('?program', '.ts')),
      namespace: 'program',
    }))
    plugin.onLoad({ filter: /.*/, namespace: 'program' }, async ({ path }) => {
      const made = await build({ ...COMMON, entryPoints: [path], format: 'iife', write: false })
      used(made.metafile)
      return { contents: made.outputFiles[0].text, loader: 'text', watchFiles: Object.keys(made.metafile.inputs) }
    })
  },
}

const packages = new Set()

/** Note the packages that something was made from. */
function used({ inputs }) {
  for (const path of Object.keys(inputs)) {
    const found = /(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)
    if (found) packages.add(found[1])
  }
}

/** Make all parts; returns a word that changes with any of them. */
async function makeParts() {
  mkdirSync(OUT, { recursive: true })
  const hash = createHash('sha256')
  for (const { file, from } of Object.values(parts)) {
    let bytes
    if (from.endsWith('.ts')) {
      const made = await build({ ...COMMON, entryPoints: [from], plugins: [programs, styles], write: false })
      used(made.metafile)
      bytes = made.outputFiles[0].contents
    } else {
      const source = resolve(from)
      used({ inputs: { [source]: true } })
      bytes = readFileSync(source)
    }
    writeFileSync(join(OUT, file), bytes)
    hash.update(bytes)
  }
  return hash.digest('hex').slice(0, 8)
}

function writeLicenses() {
  const texts = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : ''}\n`
  })
  writeFileSync(join(OUT, 'licenses.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`))
}

const builder = await context({
  ...COMMON,
  entryPoints: ['src/widget.ts'],
  outfile: join(OUT, 'widget.js'),
  define: { NBSTREAM_PARTS: JSON.stringify(await makeParts()) },
  plugins: [styles],
  logLevel: 'info',
})

if (process.argv.includes('--watch')) {
  await builder.watch()
} else {
  try {
    used((await builder.rebuild()).metafile)
    writeLicenses()
  } finally {
    await builder.dispose()
  }
}
