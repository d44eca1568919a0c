import { extractTextItems, getDocumentProxy } from 'unpdf'

/** Text of a PDF's first page as copied by a reader, one string for each piece that was drawn. */
async function textsOf(pdf: Uint8Array): Promise<string[]> {
  const { items } = await extractTextItems(await getDocumentProxy(new Uint8Array(pdf)))
  return (items[0] ?? []).map(({ str }) => str.normalize('NFC'))
}

/**
 * The whole text without spaces, since line ends are not part of it, and without joiners, which readers drop.
 */
export const textOf = async (pdf: Uint8Array): Promise<string> =>
  (await textsOf(pdf)).join('').replace(/[\s\u200c\u200d]+/g, '')
