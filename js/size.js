/** `node size.js`: print the size of the bundle and of the parts, and fail when one is over its budget. */

import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

/** In bytes of gzip, like those of `parts.json`. */
const BUDGET = 75_000

const parts = JSON.parse(readFileSync(new URL('./parts.json', import.meta.url), 'utf8'))
let over = false
for (const { file, budget } of [{ file: 'widget.js', budget: BUDGET }, ...Object.values(parts)]) {
  const made = readFileSync(new URL(`../nbstream/static/${file}`, import.meta.url))
  const packed = gzipSync(made, { level: 9 }).length
  process.stdout.write(`${file} ${made.length} bytes, gzip ${packed} of ${budget}\n`)
  over ||= packed > budget
}
if (over) process.exit(1)
