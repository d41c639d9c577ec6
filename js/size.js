/** `node size.js`: print the bundle's size and fail when it is over its budget. */

import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

/** In bytes of gzip; without math and highlighting, which load on demand. */
const BUDGET = 75_000

const bundle = readFileSync(new URL('../nbstream/static/widget.js', import.meta.url))
const packed = gzipSync(bundle, { level: 9 }).length
process.stdout.write(`widget.js ${bundle.length} bytes, gzip ${packed} of ${BUDGET}\n`)
if (packed > BUDGET) process.exit(1)
