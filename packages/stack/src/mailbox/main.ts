import { serveUntilTold } from '../child.ts'
import { startMailbox } from './mailbox.ts'

const mailbox = await startMailbox({ port: Number(process.env.PORT), file: String(process.env.MAIL_FILE) })
serveUntilTold(mailbox.stop)
