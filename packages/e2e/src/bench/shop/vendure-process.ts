import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'

// Vendure set up as in its documentation: its API, its job queue in the database, its test payment handler,
// on PostgreSQL. One product with one variant, with stock for every order.
const { folder, databaseUrl, port } = JSON.parse(process.argv[2] ?? '') as {
  folder: string
  databaseUrl: string
  port: number
}
const require = createRequire(path.join(folder, 'package.json'))
process.chdir(folder)
const vendure = require('@vendure/core')
const { populate } = require('@vendure/core/cli')
const url = new URL(databaseUrl)

const config = {
  apiOptions: { hostname: '127.0.0.1', port, adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
  authOptions: {
    tokenMethod: ['bearer'],
    requireVerification: false,
    superadminCredentials: { identifier: 'admin', password: 'admin' },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: url.hostname,
    port: Number(url.port),
    username: url.username,
    password: url.password,
    database: url.pathname.slice(1),
    synchronize: true,
    logging: false,
    poolSize: 10,
  },
  paymentOptions: { paymentMethodHandlers: [vendure.dummyPaymentHandler] },
  plugins: [vendure.DefaultJobQueuePlugin.init({ useDatabaseForBuffer: true })],
  logger: new vendure.DefaultLogger({ level: vendure.LogLevel.Error }),
}

const initialData = {
  defaultLanguage: vendure.LanguageCode.en,
  defaultZone: 'Europe',
  countries: [{ name: 'Poland', code: 'PL', zone: 'Europe' }],
  taxRates: [{ name: 'Standard', percentage: 20 }],
  shippingMethods: [{ name: 'Mail', price: 0 }],
  paymentMethods: [
    {
      name: 'Test',
      handler: {
        code: vendure.dummyPaymentHandler.code,
        arguments: [{ name: 'automaticSettle', value: 'true' }],
      },
    },
  ],
  collections: [],
}
const VARIANT = 'sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets'
const PRODUCTS = `name,slug,description,assets,facets,optionGroups,optionValues,${VARIANT}
Ticket,ticket,An evening to remember.,,,,,T1,40.00,Standard,10000000,true,,
`
const products = path.join(folder, 'products.csv')
writeFileSync(products, PRODUCTS)
const app = await populate(() => vendure.bootstrap(config), initialData, products)
await app.get(vendure.JobQueueService).start()
process.on('disconnect', () => process.exit(0))
process.send?.({ port })
