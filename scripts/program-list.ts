import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const TICKETS = path.join(import.meta.dirname, '../services/tickets')

/**
 * What becomes one folder that Node.js runs without anything else. Paths are from the root of the workspace.
 */
export interface Program {
  /** Bundled into `<name>.js`; `main` is what is started. */
  readonly entries: Readonly<Record<string, string>> & { readonly main: string }
  /** What the program reads while it runs, a file or a folder, and where it looks for it: beside itself. */
  readonly files: readonly { readonly from: string; readonly to: string }[]
}

const main = (source: string): Program => ({ entries: { main: source }, files: [] })

/** Of a package of the ticket service, at the same place beside the program. */
const packageFile = (file: string) => ({
  from: `services/tickets/node_modules/${file}`,
  to: `node_modules/${file}`,
})
const ownFonts = ['DejaVuSansCondensed', 'DejaVuSansCondensed-Bold', 'DejaVuSansMono-Bold'].map(
  (name) => `dejavu-fonts-ttf/ttf/${name}.ttf`,
)

/** Of Noto's fonts what the ticket service reads (`typesetting/font-parts.ts`), with their licences. */
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

/** Every program that has an image. The Dockerfile's `PROGRAM` is one of these names. */
export const programs = {
  auth: main('services/auth/src/main.ts'),
  events: {
    entries: {
      main: 'services/events/src/main.ts',
      'read-plan': 'services/events/src/seating/read-plan.ts',
      // What piscina starts a thread with: it looks for this name beside itself.
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
      // HarfBuzz looks for its own code beside itself, and we for the other half by its package.
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
