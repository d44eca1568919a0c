/**
 * Script of a page that a mail's link leads to: `token`, or null. The link has it behind `#`, which a browser keeps to itself: what
 * stands behind `?` is in the load balancer's access logs. Mails of before have it there.
 */
export const readMailedToken = `const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? new URLSearchParams(location.search).get('token')
      addEventListener('hashchange', () => location.reload()) // another link, opened in the same tab`
