import { writeFileSync } from 'node:fs'
import { rowTypesFile, rowTypesText, servicesWithRows } from './row-types.ts'

// `npm run row-types`: run it and commit the result when a schema.prisma changes; a test checks it.
for (const service of servicesWithRows) {
  writeFileSync(rowTypesFile(service), rowTypesText(service))
  console.log(`wrote services/${service}/src/rows.ts`)
}
