import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { clientOperationsFile, clientOperationsText } from './client-operations.ts'
import { refusalTableFile, withRefusalTable } from './refusal-table.ts'

// `npm run from-contracts`: run it and commit the result when routes or refusals change; a test checks it.
const root = path.join(import.meta.dirname, '../..')
writeFileSync(path.join(root, clientOperationsFile), clientOperationsText())
const page = path.join(root, refusalTableFile)
writeFileSync(page, withRefusalTable(readFileSync(page, 'utf8')))
console.log(`wrote ${clientOperationsFile} and the refusals of ${refusalTableFile}`)
