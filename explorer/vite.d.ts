/** What Vite makes of imports that TypeScript knows nothing of. */
declare module '*?raw' {
  const text: string
  export default text
}
declare module '*?worker&inline' {
  const InlineWorker: new () => Worker
  export default InlineWorker
}
declare module '*.css' {}
