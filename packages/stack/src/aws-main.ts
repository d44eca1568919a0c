import { startAws } from './aws.ts'
import { serveUntilTold } from './child.ts'

const aws = await startAws({ port: Number(process.env.PORT), dataDir: process.env.DATA_DIR })
serveUntilTold(aws.stop)
