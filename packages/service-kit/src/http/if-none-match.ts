/**
 * Returns whether `If-None-Match` contains this tag; weak and strong tags are equal here (RFC 9110, 13.1.2).
 */
export const isNamedIn = (header: string | undefined, etag: string): boolean =>
  (header ?? '')
    .split(',')
    .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''))
