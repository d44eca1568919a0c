import { serveUntilTold } from '../child.ts'
import { startSmsCapture } from './sms.ts'

const capture = await startSmsCapture({
  port: Number(process.env.PORT),
  file: String(process.env.SMS_FILE),
  now: () => new Date(),
})
serveUntilTold(capture.stop)
