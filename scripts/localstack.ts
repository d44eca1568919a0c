import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { HOOK_FILE, provisionHook } from '../packages/messaging/src/provision-hook.ts'

// `npm run localstack:hooks`: run it and commit the result when the topology changes; a test checks it.
const file = path.join(import.meta.dirname, '..', HOOK_FILE)
writeFileSync(file, provisionHook())
chmodSync(file, 0o755)
console.log(`wrote ${HOOK_FILE}`)
