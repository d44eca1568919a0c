import { extractTextItems, getDocumentProxy } from 'unpdf'

/** Text of a PDF's first page as a reader copies it, one string for each piece that was drawn. */
async function textsOf(pdf: Uint8Array): Promise<string[]> {
  const { items } = await extractTextItems(await getDocumentProxy(new Uint8Array(pdf)))
  return (items[0] ?? []).map(({ str }) => str.normalize('NFC'))
}

/**
 * All of it, without spaces, since where lines end is not part of the text, and without joiners, which the
 * reader leaves out.
 */
export const textOf = async (pdf: Uint8Array): Promise<string> =>
  (await textsOf(pdf)).join('').replace(/[\s\u200c\u200d]+/g, '')
