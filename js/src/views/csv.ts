/**
 * A table as CSV (RFC 4180), for a spreadsheet.
 *
 * A cell that a spreadsheet would take for a formula is made text by an apostrophe: what a model wrote must not run, or send
 * anything, where the reader pastes it.
 */

const FORMULA = /^(?:[=@\t\r]|[+-](?![\d.,\s]*$))/
const SPECIAL = /[",\r\n]/

export function csv(table: HTMLTableElement): string {
  const rows = [...table.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => field(cell.textContent ?? '')))
  return rows.map((row) => `${row.join(',')}\r\n`).join('')
}

function field(text: string): string {
  const inert = FORMULA.test(text) ? `'${text}` : text
  return SPECIAL.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
