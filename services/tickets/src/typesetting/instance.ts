import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The part of HarfBuzz's subsetter used here, as its WebAssembly exports it: pointers are numbers. */
interface Subsetter {
  readonly memory: { readonly buffer: ArrayBuffer }
  malloc(bytes: number): number
  free(pointer: number): void
  hb_blob_create(data: number, length: number, mode: number, userData: number, destroy: number): number
  hb_blob_destroy(blob: number): void
  hb_blob_get_data(blob: number, length: number): number
  hb_blob_get_length(blob: number): number
  hb_face_create(blob: number, index: number): number
  hb_face_destroy(face: number): void
  hb_face_reference_blob(face: number): number
  hb_subset_input_create_or_fail(): number
  hb_subset_input_destroy(input: number): void
  hb_subset_input_keep_everything(input: number): void
  hb_subset_input_pin_axis_location(input: number, face: number, axis: number, value: number): number
  hb_subset_or_fail(face: number, input: number): number
}

const READ_ONLY = 1
const WEIGHT_AXIS = Buffer.from('wght').readUInt32BE()

/** The module has no imports. The types of Node.js omit this. */
interface Assembler {
  instantiate(bytes: Uint8Array): Promise<{ readonly instance: { readonly exports: unknown } }>
}
const assembler = (globalThis as unknown as { WebAssembly: Assembler }).WebAssembly

let loading: Promise<Subsetter> | null = null
async function load(): Promise<Subsetter> {
  const wasm = await readFile(require.resolve('harfbuzzjs/dist/harfbuzz-subset.wasm'))
  const { instance } = await assembler.instantiate(wasm)
  return instance.exports as Subsetter
}

/**
 * Pins a variable font to one weight and keeps the numbers of its glyphs: a font embedded into a PDF must not
 * be variable.
 */
export async function instanceOf(font: Uint8Array, weight: number): Promise<Uint8Array> {
  loading ??= load()
  const hb = await loading
  const data = hb.malloc(font.length)
  new Uint8Array(hb.memory.buffer).set(font, data)
  const blob = hb.hb_blob_create(data, font.length, READ_ONLY, 0, 0)
  const face = hb.hb_face_create(blob, 0)
  const input = hb.hb_subset_input_create_or_fail()
  hb.hb_subset_input_keep_everything(input)
  hb.hb_subset_input_pin_axis_location(input, face, WEIGHT_AXIS, weight)
  const pinned = hb.hb_subset_or_fail(face, input)
  const result = pinned && hb.hb_face_reference_blob(pinned)
  const from = result && hb.hb_blob_get_data(result, 0)
  const bytes = new Uint8Array(hb.memory.buffer).slice(from, from + (result && hb.hb_blob_get_length(result)))
  if (result) hb.hb_blob_destroy(result)
  if (pinned) hb.hb_face_destroy(pinned)
  hb.hb_subset_input_destroy(input)
  hb.hb_face_destroy(face)
  hb.hb_blob_destroy(blob)
  hb.free(data)
  if (bytes.length === 0) throw new Error('this font cannot be pinned to a weight')
  return bytes
}
