/** Markdown for the views: one class, which takes text as it comes and keeps an element up to date. */

export { Markdown } from './markdown/tail'
