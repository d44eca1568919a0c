import type { Unsubscribed, UnsubscribeTokens } from './unsubscribe-token.ts'

/** Where mails point to that nobody has to get. */
export interface UnsubscribeLinks {
  /** For people: the token is behind `#`. */
  readonly page: string
  /** For mail programs, which send what follows the host alone. */
  readonly oneClick: string
}
export type UnsubscribeLinksOf = (who: Unsubscribed) => UnsubscribeLinks

export const createUnsubscribeLinks =
  ({ sign }: UnsubscribeTokens, publicUrl: string): UnsubscribeLinksOf =>
  (who) => {
    const token = sign(who)
    const [page, oneClick] = [`/unsubscribe#token=${token}`, `/unsubscribe/${token}`]
    return { page: new URL(page, publicUrl).href, oneClick: new URL(oneClick, publicUrl).href }
  }
