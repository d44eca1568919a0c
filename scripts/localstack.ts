import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { HOOK_FILE, provisionHook } from '../packages/messaging/src/provision-hook.ts'

// `npm run localstack:hooks`: to be run and committed when the topology has changed; a test notices when it
// was not.
const file = path.join(import.meta.dirname, '..', HOOK_FILE)
writeFileSync(file, provisionHook())
chmodSync(file, 0o755)
console.log(`wrote ${HOOK_FILE}`)
