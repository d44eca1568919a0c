declare module 'mjml' {
  /**
   * The part of mjml 5 that is used here; the package has no types. Rejects with `errors`, each with its
   * line.
   */
  export default function mjml2html(
    source: string,
    options: { validationLevel: 'strict'; fonts: Record<string, string>; ignoreIncludes?: boolean },
  ): Promise<{ html: string }>
}
