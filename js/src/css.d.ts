/** A stylesheet imported as its text; the build (`build.js`) and the tests (`vitest.config.ts`) load it so. */
declare module '*.css' {
  const text: string
  export default text
}
