/** The kinds of runs, by their numbers, as the classes of the stylesheet: plain, keyword, string, number, comment, property, operator. */

export const KINDS = ['', 'k', 's', 'n', 'c', 'p', 'o'] as const
