import type Stripe from 'stripe'
import type { Tx } from './database.ts'

const SHOWN_MAX = 50

interface Payment {
  intent: Stripe.PaymentIntent
  refunded: number
  token: string | null
}

/** Renders the latest payments as an HTML page. */
export function renderPage(read: Tx): string {
  const payments = readPayments(read)
  const rows = payments.map(renderPayment).join('\n')
  const table = `<div class="wide"><table>${header}${rows}</table></div>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Payment sandbox</title>
<style>
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
  body { margin: 2rem auto; max-width: 92rem; padding: 0 1rem }
  h1 { font-size: 1.4rem; margin: 0 }
  p { color: color-mix(in srgb, currentColor 65%, transparent); margin: .25rem 0 1.5rem }
  .wide { overflow-x: auto }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent);
    padding: .45rem .75rem .45rem 0; text-align: left; white-space: nowrap }
  th { font-weight: 600 }
  .amount { text-align: right; font-variant-numeric: tabular-nums }
  code { font-size: .85em }
  .status { border-radius: 1rem; font-size: .85em; padding: .1rem .6rem;
    background: color-mix(in srgb, currentColor 12%, transparent) }
  .succeeded { background: #1a7f4b; color: #fff }
  .requires_payment_method { background: #b3372f; color: #fff }
</style>
</head>
<body>
<h1>Payment sandbox</h1>
<p>The latest ${SHOWN_MAX} payments, newest first. No real money moves here.
The whole <a href="/ledger">ledger</a> is JSON.</p>
${payments.length === 0 ? '<p>No payments yet.</p>' : table}
</body>
</html>
`
}

const header = `<tr><th>Time (UTC)</th><th class="amount">Amount</th><th class="amount">Refunded</th>
<th>Status</th><th>Order</th><th>Payment method</th><th>Payment intent</th></tr>`

function renderPayment({ intent, refunded, token }: Payment): string {
  const orderId = intent.metadata.orderId
  const order = orderId
    ? `<a href="/ledger?orderId=${encodeURIComponent(orderId)}"><code>${escapeHtml(orderId)}</code></a>`
    : '–'
  const cells = [
    `<td>${new Date(intent.created * 1000).toISOString().slice(0, 19).replace('T', ' ')}</td>`,
    `<td class="amount">${money(intent.amount, intent.currency)}</td>`,
    `<td class="amount">${refunded === 0 ? '–' : money(refunded, intent.currency)}</td>`,
    `<td><span class="status ${escapeHtml(intent.status)}">${escapeHtml(outcome(intent))}</span></td>`,
    `<td>${order}</td>`,
    `<td><code>${escapeHtml(token ?? '–')}</code></td>`,
    `<td><code>${escapeHtml(intent.id)}</code></td>`,
  ]
  return `<tr>${cells.join('')}</tr>`
}

function readPayments(read: Tx): Payment[] {
  const rows = read.all<{ body: string; refunded: number; token: string | null }>(
    `select body, coalesce(last_token, json_extract(body, '$.payment_method')) as token,
       coalesce((select amount_refunded from charges
       where charges.payment_intent = payment_intents.id and charges.status = 'succeeded'), 0) as refunded
     from payment_intents order by position desc limit ?`,
    SHOWN_MAX,
  )
  return rows.map(({ body, refunded, token }) => ({ intent: JSON.parse(body), refunded, token }))
}

function outcome({ status, last_payment_error: error }: Stripe.PaymentIntent): string {
  if (status === 'requires_payment_method' && error) return `declined: ${error.decline_code ?? error.code}`
  return status.replaceAll('_', ' ')
}

function money(amountMinor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
