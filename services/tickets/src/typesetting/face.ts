import type { Font } from 'fontkit'

/** What is drawn for some characters together, one glyph or several; lengths in units of the font. */
export interface Cluster {
  readonly parts: readonly { readonly id: number; readonly x: number; readonly y: number }[]
  readonly advance: number
  /** Where in the run's text its characters begin. */
  readonly start: number
  /**
   * Its characters, from left to right: where they are read the other way round the last comes first. Readers
   * of PDFs turn a line around character by character, whatever a glyph stands for.
   */
  readonly text: string
}

/** Text of one face and one direction, from left to right. */
export interface Run {
  readonly face: Face
  readonly text: string
  readonly clusters: readonly Cluster[]
  /** In ems; how far its ink reaches above and below the line. */
  readonly width: number
  readonly top: number
  readonly bottom: number
}

/** A font of one weight, or the part of it that has some characters. */
export interface Face {
  readonly name: string
  /** What pdfkit embeds. */
  readonly font: Font
  readonly unitsPerEm: number
  /** Above and below the line, in ems. */
  readonly ascent: number
  readonly descent: number
  has(codePoint: number): boolean
  shape(text: string, isRightToLeft: boolean): Run
}

/** Which face draws the character that begins at an index of a text. */
export type FaceOf = (index: number) => Face
