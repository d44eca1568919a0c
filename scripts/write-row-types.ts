import { writeFileSync } from 'node:fs'
import { rowTypesFile, rowTypesText, servicesWithRows } from './row-types.ts'

// `npm run row-types`: to be run and committed when a schema.prisma changes. A test notices.
for (const service of servicesWithRows) {
  writeFileSync(rowTypesFile(service), rowTypesText(service))
  console.log(`wrote services/${service}/src/rows.ts`)
}
