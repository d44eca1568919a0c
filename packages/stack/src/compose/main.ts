import { seedDemo } from '../seed/seed.ts'
import { loadSecretsConfig, loadSeedConfig } from './config.ts'
import { writeSecrets } from './env-files.ts'

// The two one-shot programs of docker-compose.yml that only a development system has: `secrets`, before
// anything else, and `seed`.
const [command] = process.argv.slice(2)
try {
  if (command === 'secrets') {
    const written = writeSecrets(loadSecretsConfig(process.env))
    console.log(`secrets for ${written.join(', ')}`)
  } else if (command === 'seed') {
    const { events, organizer } = await seedDemo({ ...loadSeedConfig(process.env), now: () => new Date() })
    for (const { name, eventDate } of Object.values(events))
      console.log(`on sale: ${name}, ${eventDate.toISOString()}`)
    console.log(`organizer: ${organizer.email}`)
  } else {
    throw new Error('usage: secrets or seed')
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
