import { describe, expect, test } from 'vitest'
import { decodeHTMLStrict } from '../src/markdown/entities'

describe('a named character', () => {
  test.each([
    ['&amp;', '&'],
    ['&lt;', '<'],
    ['&nbsp;', '\u00a0'],
    ['&semi;', ';'],
    ['&Dcaron;', '\u010e'],
    ['&ngE;', '\u2267\u0338'],
    ['&NotEqualTilde;', '\u2242\u0338'],
    ['&ClockwiseContourIntegral;', '\u2232'],
    ['&NewLine;', '\n'],
    ['&Tab;', '\t'],
    ['&there4;', '\u2234'],
  ])('%s is %j', (entity, sign) => {
    expect(decodeHTMLStrict(entity)).toBe(sign)
    expect(decodeHTMLStrict(entity)).toBe(sign)
  })

  test.each([
    '&copy',
    '&copyx;',
    '&ampere;',
    '&notin',
    '&nothing;',
    '&#38;',
    '&;',
    '& amp;',
    '&lt;b&gt;',
    '<b>x</b>',
    '&__proto__;',
    '&constructor;',
  ])('is not %s, which stays as it was typed', (entity) => {
    expect(decodeHTMLStrict(entity)).toBe(entity)
  })
})
