import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { create } from 'fontkit'
import decompress from 'woff2-encoder/decompress'
import { embeddable } from './embedding.ts'
import type { Face } from './face.ts'
import type { FamilyName } from './families.ts'
import { type FontPart, fileOf } from './font-parts.ts'
import type { TextWeight } from './fonts.ts'
import { instanceOf } from './instance.ts'
import { createFace } from './shaper.ts'

const require = createRequire(import.meta.url)

/** Opens a part of a family, decompressed and pinned to its weight. */
export async function openPart(family: FamilyName, part: FontPart, weight: TextWeight): Promise<Face> {
  const { file, pinnedTo } = fileOf(family, part, weight)
  const unpacked = await decompress(await readFile(require.resolve(file)))
  const bytes = pinnedTo === null ? unpacked : await instanceOf(unpacked, pinnedTo)
  return createFace(`${family}-${part.name}-${weight}`, bytes, embeddable(create(bytes)))
}
