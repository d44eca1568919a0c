import type { Unsubscribed, UnsubscribeTokens } from './unsubscribe-token.ts'

/** The unsubscribe links of optional mails. */
export interface UnsubscribeLinks {
  /** For people: the token follows `#`. */
  readonly page: string
  /** For mail programs, which do not send what follows `#`. */
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
