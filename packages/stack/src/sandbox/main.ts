import { createSandbox } from './sandbox.ts'

const { PORT = '8026', SANDBOX_DATABASE, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, WEBHOOK_URL, LOG_LEVEL = 'info' } = process.env
if (!SANDBOX_DATABASE || !STRIPE_SECRET_KEY || !STRIPE_WEBHOOK_SECRET)
  throw new Error('the payment sandbox needs SANDBOX_DATABASE, STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET')

const { app, webhooks } = createSandbox({
  database: SANDBOX_DATABASE,
  secretKey: STRIPE_SECRET_KEY,
  webhookSecret: STRIPE_WEBHOOK_SECRET,
  webhookUrl: WEBHOOK_URL || null,
  now: Date.now,
  logLevel: LOG_LEVEL,
})

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  await app.close()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('disconnect', stop)

await app.listen({ host: '127.0.0.1', port: Number(PORT) })
webhooks.start()
process.send?.('ready')
