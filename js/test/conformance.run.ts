/** `conformance` as a program: says what differs, or with `--lines` prints the walk. */

import { difference, walk } from './conformance'

if (process.argv.includes('--lines')) {
  process.stdout.write([...walk()].join(''))
} else {
  const found = difference()
  process.stderr.write(found && `${found}\n`)
  process.exitCode = found ? 1 : 0
}
