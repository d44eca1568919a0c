import { writeFileSync } from 'node:fs'
import { topLevelDomainsFile, topLevelDomainsText } from './top-level-domains-file.ts'

// `npm run top-level-domains`: run it and commit the result when the list of the package `tlds` changes; a
// test checks it.
writeFileSync(topLevelDomainsFile, topLevelDomainsText())
console.log('wrote packages/contracts/src/values/top-level-domains.ts')
