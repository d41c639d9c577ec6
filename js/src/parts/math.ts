/** Formulas: TeX to MathML. */

export interface MathPart {
  /** Not there yet. */
  readonly formulas?: undefined
}
