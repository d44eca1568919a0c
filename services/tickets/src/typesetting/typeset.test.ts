import { describe, expect, test } from 'vitest'
import { cutLine, linesOf, type Paragraph, runsOf } from './paragraph.ts'
import { paragraphOf } from './typeset.ts'

const set = async (text: string, timeZone = 'Europe/Warsaw'): Promise<Paragraph> => {
  const paragraph = await paragraphOf(text.normalize('NFC'), { weight: 'bold', timeZone })
  if (!paragraph) throw new Error(`${text} is plain`)
  return paragraph
}
/** The words of a line as drawn, from left to right. */
const drawn = (paragraph: Paragraph, line = { start: 0, end: paragraph.text.length }) =>
  runsOf(paragraph, line)
    .toSorted((a, b) => a.x - b.x)
    .map(({ text }) => text.trim())
    .filter(Boolean)
const facesOf = (paragraph: Paragraph) => [...new Set(paragraph.items.map(({ face }) => face.name))]
const linesAt = (paragraph: Paragraph, width: number) =>
  linesOf(paragraph, width).lines.map(({ start, end }) => paragraph.text.slice(start, end))

describe('text that the own fonts of a document have', () => {
  test.each([
    'Łukasz Źdźbło',
    'Ωδείο Ηρώδου',
    'Пётр Чайковский',
    'Nguyễn Thị Ánh',
    'O’Neil & Sons – €20, “A/B” ½ №5',
  ])('%s is left to the document', async (text) => {
    expect(await paragraphOf(text, { weight: 'regular', timeZone: 'UTC' })).toBeNull()
  })
})

describe('the order of a line', () => {
  test('reverses what reads from right to left, and leaves digits and Latin words as they are', async () => {
    const address = await set('רחוב הוברמן 12, תל אביב (AC/DC)')
    expect(address.isRightToLeft).toBe(true)
    expect(drawn(address)).toEqual([')', 'AC/DC', '(', 'אביב', 'תל', ',', '12', 'הוברמן', 'רחוב'])
  })

  test('keeps a name of the other direction together within a sentence', async () => {
    const name = await set('Live: דוד כהן 2026 (AC/DC)')
    expect(name.isRightToLeft).toBe(false)
    expect(drawn(name)).toEqual(['Live:', '2026', 'כהן', 'דוד', '(AC/DC)'])
    const [first, ...rest] = runsOf(name, { start: 0, end: name.text.length }).toSorted((a, b) => a.x - b.x)
    expect(first?.x).toBe(0)
    let end = first?.width ?? 0
    for (const { x, width } of rest) {
      expect(x).toBeCloseTo(end, 6)
      end = x + width
    }
    expect(end).toBeCloseTo(name.reach.at(-1) ?? 0, 6)
  })

  test('mirrors brackets', async () => {
    const glyphOf = async (text: string) =>
      runsOf(await set(text), { start: 0, end: 1 })[0]?.clusters[0]?.parts[0]?.id
    expect(await glyphOf('(א)')).not.toBe(await glyphOf('(あ)'))
    expect(await glyphOf('(א)')).toBe(await glyphOf(')あ('))
  })
})

describe('lines', () => {
  test('end between words of scripts that have no spaces, or anywhere where the rules allow it', async () => {
    const thai = await set('เทศกาลดนตรีนานาชาติ')
    expect(linesAt(thai, 7)).toEqual(['เทศกาลดนตรี', 'นานาชาติ'])
    expect(linesOf(thai, 7).isWhole).toBe(true)
    // A closing bracket begins no line, an opening one ends none (UAX #14).
    expect(linesAt(await set('特別演奏会「歓喜の歌」'), 5)).toEqual(['特別演奏会', '「歓喜の', '歌」'])
    expect(linesAt(await set('서울 재즈 페스티벌'), 5)).toEqual(['서울 재즈', '페스티벌'])
  })

  test('of one long word are cut between characters, and said to be', async () => {
    const paragraph = await set('நி'.repeat(20))
    const { lines, isWhole } = linesOf(paragraph, 6)
    expect(isWhole).toBe(false)
    for (const { start, end } of lines) {
      expect(paragraph.text.slice(start, end)).toMatch(/^(நி)+$/)
      expect((paragraph.reach[end] ?? 0) - (paragraph.reach[start] ?? 0)).toBeLessThanOrEqual(6)
    }
    expect(linesAt(paragraph, 0.1)).toEqual(Array.from({ length: 20 }, () => 'நி'))
  })

  test('that are cut end with an ellipsis, at the left where they run from right to left', async () => {
    const paragraph = await set('אבגדהוזחטיכלמנ')
    const { paragraph: cut, line } = cutLine(paragraph, { start: 0, end: 14 }, 4)
    expect(cut.text).toMatch(/^א[א-ת]+…$/)
    expect(cut.reach.at(-1)).toBeLessThanOrEqual(4)
    expect(drawn(cut, line)[0]).toBe('…')
  })
})

describe('faces', () => {
  test('are those of Japan, Korea, Taiwan or China, as letters or the place of the event say', async () => {
    expect(facesOf(await set('山田の'))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^noto-sans-jp-/)]),
    )
    const of = async (timeZone: string) =>
      facesOf(await set('骨直', timeZone)).map((name) => name.split('-')[2])
    expect(new Set(await of('Asia/Tokyo'))).toEqual(new Set(['jp']))
    expect(new Set(await of('Asia/Taipei'))).toEqual(new Set(['tc']))
    expect(new Set(await of('Asia/Seoul'))).toEqual(new Set(['kr']))
    expect(new Set(await of('Europe/Paris'))).toEqual(new Set(['sc']))
  })

  test('draw an emoji that is made of several as one', async () => {
    for (const text of ['👨‍👩‍👧', '🇵🇱', '👍🏽', '1️⃣', '❤️']) {
      const clusters = runsOf(await set(text), { start: 0, end: text.length }).flatMap((run) => run.clusters)
      expect(clusters).toEqual([expect.objectContaining({ text, start: 0 })])
      const { parts = [], advance } = clusters[0] ?? {}
      const inked = parts.filter(({ id, x }) => id !== parts[0]?.id && x < (advance ?? 0))
      expect(inked, text).toEqual([])
    }
  })

  test('join letters and put marks where they belong', async () => {
    const advanceOf = async (text: string) => (await set(text)).reach.at(-1) ?? 0
    expect(await advanceOf('بب')).toBeLessThan(2 * (await advanceOf('ب'))) // joined
    expect(await advanceOf('لا')).toBeLessThan((await advanceOf('ل')) + (await advanceOf('ا'))) // one glyph
    expect(await advanceOf('ที่')).toBe(await advanceOf('ท'))
    expect(await advanceOf('דָּ')).toBe(await advanceOf('ד'))
    expect(await advanceOf('क्ष')).toBeLessThan(2 * (await advanceOf('क')))
  })

  test('draw a substitute for a character that no font has', async () => {
    const paragraph = await set('a\u{10fffd}b')
    expect(paragraph.text).toBe('a\ufffdb')
    const parts = runsOf(paragraph, { start: 0, end: 3 }).flatMap((run) =>
      run.clusters.flatMap((cluster) => cluster.parts),
    )
    expect(parts).toHaveLength(3)
    for (const { id } of parts) expect(id).not.toBe(0)
  })
})
