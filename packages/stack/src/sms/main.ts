import { serveUntilTold } from '../child.ts'
import { loadConfig } from './config.ts'
import { startSmsCapture } from './sms.ts'

const capture = await startSmsCapture({ ...loadConfig(process.env), now: () => new Date() })
serveUntilTold(capture.stop)
