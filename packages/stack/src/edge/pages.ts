import { randomBytes } from 'node:crypto'
import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import reference from '@scalar/fastify-api-reference'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { landingPage, type Running } from './landing-page.ts'
import { resetPasswordPage } from './reset-password-page.ts'
import { verifyEmailPage } from './verify-email-page.ts'

interface PagesOptions {
  upstreams: Partial<Record<ServiceKey, readonly string[]>>
  mailboxUrl: string
  smsUrl: string
}

const HEALTH_MS_MAX = 1_000

/** `/`, `/docs` and where mailed links lead: all from this process, nothing from elsewhere; the browser is told to refuse the rest. */
export async function mountPages(edge: FastifyInstance, { upstreams, mailboxUrl, smsUrl }: PagesOptions): Promise<void> {
  const present = serviceKeys.filter((key) => upstreams[key]?.length)

  edge.get('/', async (_request, reply) => {
    const running = await Promise.all(present.map((key) => look(key, upstreams[key] ?? [])))
    return sendPage(reply, (nonce) => landingPage({ running, mailboxUrl, smsUrl, nonce }))
  })

  edge.get('/verify-email', async (_request, reply) => {
    reply.header('referrer-policy', 'no-referrer') // the address holds the token
    return sendPage(reply, verifyEmailPage)
  })

  edge.get('/reset-password', async (_request, reply) => {
    reply.header('referrer-policy', 'no-referrer')
    return sendPage(reply, resetPasswordPage)
  })

  const nonce = createNonce()
  await edge.register(reference, {
    routePrefix: '/docs',
    configuration: {
      pageTitle: 'Boxoffice API',
      nonce,
      sources: present.map((key) => ({ title: titleOf(key), slug: key, url: `/api/${key}/openapi.json` })),
      telemetry: false,
      withDefaultFonts: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
      hideClientButton: true,
      defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
    },
    hooks: {
      onRequest: (_request, reply, done) => {
        reply.header('content-security-policy', policy(nonce, "'unsafe-inline'"))
        done()
      },
    },
  })
}

const titleOf = (key: ServiceKey) => `${key[0]?.toUpperCase()}${key.slice(1)}`
const createNonce = () => randomBytes(16).toString('base64')

/** Scripts of ours alone; the reference also needs `style` attributes. */
const policy = (nonce: string, styles = `'nonce-${nonce}'`) =>
  `default-src 'self'; script-src 'self' 'nonce-${nonce}'; style-src 'self' ${styles}; img-src 'self' data: blob:; ` +
  `font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`

function sendPage(reply: FastifyReply, page: (nonce: string) => string): FastifyReply {
  const nonce = createNonce()
  return reply
    .header('content-security-policy', policy(nonce))
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page(nonce))
}

/** A service is there when any of its instances is. */
async function look(key: ServiceKey, instances: readonly string[]): Promise<Running> {
  const answers = instances.map(async (url) => {
    const response = await fetch(`${url}/actuator/health/ready`, { signal: AbortSignal.timeout(HEALTH_MS_MAX) })
    await response.body?.cancel()
    if (!response.ok) throw new Error(String(response.status))
  })
  const ready = await Promise.any(answers).then(
    () => true,
    () => false,
  )
  return { title: titleOf(key), path: `/api/${key}`, name: services[key].name, ready }
}
