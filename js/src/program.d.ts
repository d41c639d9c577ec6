/** A module as one script, made by the build (see `build.js`). */
declare module '*?program' {
  const text: string
  export default text
}
