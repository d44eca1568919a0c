import { writeFileSync } from 'node:fs'
import { topLevelDomainsFile, topLevelDomainsText } from './top-level-domains-file.ts'

// `npm run top-level-domains`: to be run and committed when the package `tlds` has another list. A test
// notices.
writeFileSync(topLevelDomainsFile, topLevelDomainsText())
console.log('wrote packages/contracts/src/values/top-level-domains.ts')
