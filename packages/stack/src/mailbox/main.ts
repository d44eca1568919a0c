import { serveUntilTold } from '../child.ts'
import { loadConfig } from './config.ts'
import { startMailbox } from './mailbox.ts'

const mailbox = await startMailbox(loadConfig(process.env))
serveUntilTold(mailbox.stop)
