import { defineCommand } from '../framework/command.ts'

export const migrateCommand = defineCommand({
  name: 'migrate',
  summary: 'create missing databases and roles, and apply missing migrations',
  details:
    'The server: DATABASE_ADMIN_URL (postgres://admin@host:5432/postgres), with DATABASE_ADMIN_PASSWORD ' +
    'where the URL has none. The administrator needs createdb and createrole, no more. DATABASE_LOGIN ' +
    'says how services log in: password (the default; AUTH_DATABASE_PASSWORD … ' +
    "ANALYTICS_DATABASE_PASSWORD, one each) or iam (TLS to Amazon's server, no passwords). " +
    'DATABASE_PREFIX goes before the names of databases and roles.\n' +
    'Prints each step. Safe to repeat; concurrent runs wait for each other.',
  options: { plan: { summary: 'print what would be done and change nothing' } },
  exit1: 'if a migration failed: it is rolled back, and the databases after it are not touched',
  examples: [
    ['migrate --plan', 'what is missing, over read-only connections'],
    ['migrate', 'create and apply it'],
  ],
  async run({ options, config, terminal }) {
    const { migrateDatabases } = await import('./migrate.ts')
    return { text: '', document: {}, exitCode: await migrateDatabases(config, options, terminal) }
  },
})
