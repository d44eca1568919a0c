import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const TICKETS = path.join(import.meta.dirname, '../services/tickets')

/**
 * The definition of a program: a self-contained folder that Node.js runs. Paths are from the root of the
 * workspace.
 */
export interface Program {
  /** Entry points, bundled into `<name>.js`; `main` is the one that is started. */
  readonly entries: Readonly<Record<string, string>> & { readonly main: string }
  /** Files and folders that the program reads at run time, and their places next to the bundle. */
  readonly files: readonly { readonly from: string; readonly to: string }[]
}

const main = (source: string): Program => ({ entries: { main: source }, files: [] })

/** A file of a package of the ticket service, at the same path next to the program. */
const packageFile = (file: string) => ({
  from: `services/tickets/node_modules/${file}`,
  to: `node_modules/${file}`,
})
const ownFonts = ['DejaVuSansCondensed', 'DejaVuSansCondensed-Bold', 'DejaVuSansMono-Bold'].map(
  (name) => `dejavu-fonts-ttf/ttf/${name}.ttf`,
)

/** The Noto fonts that the ticket service reads (`typesetting/font-parts.ts`), with their licences. */
function notoFiles(): string[] {
  const { dependencies } = JSON.parse(readFileSync(path.join(TICKETS, 'package.json'), 'utf8')) as {
    dependencies: object
  }
  return Object.keys(dependencies)
    .filter((name) => name.startsWith('@fontsource'))
    .flatMap((name) => [
      ...readdirSync(path.join(TICKETS, 'node_modules', name, 'files'))
        .filter((file) => isRead(path.basename(name), file))
        .map((file) => `${name}/files/${file}`),
      `${name}/unicode.json`,
      `${name}/LICENSE`,
    ])
}

function isRead(family: string, file: string): boolean {
  const [, part = ''] = new RegExp(`^${family}-(.+)-(?:wght|400|700)-normal\\.woff2$`).exec(file) ?? []
  if (family === 'noto-emoji') return part === 'emoji'
  if (family === 'noto-sans' || family === 'noto-sans-math') return part !== ''
  return part !== '' && !/^(latin|greek|cyrillic|vietnamese)/.test(part)
}

const migrationsOf = (service: string) => ({
  from: `services/${service}/prisma/migrations`,
  to: `migrations/${service}`,
})

/** All programs that have an image, by name; the Dockerfile's `PROGRAM` is one of the names. */
export const programs = {
  auth: main('services/auth/src/main.ts'),
  events: {
    entries: {
      main: 'services/events/src/main.ts',
      'read-plan': 'services/events/src/seating/read-plan.ts',
      // piscina starts its threads with this file, which must be next to the bundle.
      worker: 'services/events/node_modules/piscina/dist/worker.js',
    },
    files: [{ from: 'services/events/src/cache/lua', to: 'lua' }],
  },
  tickets: {
    entries: {
      main: 'services/tickets/src/main.ts',
      pdf: 'services/tickets/src/tickets/pdf.ts',
      worker: 'services/tickets/node_modules/piscina/dist/worker.js',
    },
    files: [
      { from: 'services/tickets/src/holds/lua', to: 'lua' },
      // HarfBuzz loads its WebAssembly from the folder of the bundle; we load the other part through its
      // package.
      { from: 'services/tickets/node_modules/harfbuzzjs/dist/harfbuzz.wasm', to: 'harfbuzz.wasm' },
      ...[...ownFonts, ...notoFiles(), 'harfbuzzjs/dist/harfbuzz-subset.wasm'].map(packageFile),
    ],
  },
  payments: main('services/payments/src/main.ts'),
  notifications: main('services/notifications/src/main.ts'),
  analytics: {
    ...main('services/analytics/src/main.ts'),
    files: [{ from: 'services/analytics/src/cache/lua', to: 'lua' }],
  },
  ops: {
    ...main('packages/ops/src/main.ts'),
    files: ['auth', 'events', 'tickets', 'payments', 'notifications', 'analytics'].map(migrationsOf),
  },
  edge: main('packages/stack/src/edge/main.ts'),
  sandbox: main('packages/payment-sandbox/src/main.ts'),
  secrets: main('packages/stack/src/compose/main.ts'),
  // SNS and SQS by itself; the mailbox and the text messages as entries of their own.
  standin: {
    entries: {
      main: 'packages/stack/src/aws/main.ts',
      mailbox: 'packages/stack/src/mailbox/main.ts',
      sms: 'packages/stack/src/sms/main.ts',
    },
    files: [],
  },
} satisfies Record<string, Program>

export type ProgramName = keyof typeof programs
export const programNames = Object.keys(programs) as ProgramName[]
