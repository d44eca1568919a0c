import { cleanUp } from './run.ts'

// Waits until whoever began the test run of a folder is gone, and cleans up behind it. Usage: watcher.ts
// <folder> <limits as JSON>
const [folder = '', limits = ''] = process.argv.slice(2)
process.stdin.resume()
process.stdin.once('close', () => void cleanUp(folder, JSON.parse(limits)).finally(() => process.exit()))
