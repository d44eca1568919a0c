import { cleanUp } from './run.ts'

// Waits until the process that began a test run has died, then cleans up the run. Usage: watcher.ts
// <folder> <limits as JSON>
const [folder = '', limits = ''] = process.argv.slice(2)
process.stdin.resume()
process.stdin.once('close', () => void cleanUp(folder, JSON.parse(limits)).finally(() => process.exit()))
