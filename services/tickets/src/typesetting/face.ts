import type { Font } from 'fontkit'

/** One or several glyphs drawn for some characters together; lengths in units of the font. */
export interface Cluster {
  readonly parts: readonly { readonly id: number; readonly x: number; readonly y: number }[]
  readonly advance: number
  /** Index of its first character in the run's text. */
  readonly start: number
  /**
   * Its characters from left to right; for right-to-left text the last comes first. PDF readers reverse a
   * line by characters, not by glyphs.
   */
  readonly text: string
}

/** Text of one face and one direction, from left to right. */
export interface Run {
  readonly face: Face
  readonly text: string
  readonly clusters: readonly Cluster[]
  /** In ems, as are the heights of its ink above and below the line. */
  readonly width: number
  readonly top: number
  readonly bottom: number
}

/** A font of one weight, or a part of it with some of its characters. */
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

/** Returns the face for the character at an index of a text. */
export type FaceOf = (index: number) => Face
