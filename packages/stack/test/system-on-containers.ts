import process from 'node:process'
import { chooseStores } from '../src/docker/engine.ts'
import { startSystem } from '../src/system.ts'

// A system on containers of the engine that DOCKER_HOST names, in a process of its own: testcontainers keeps
// the first engine that it finds for as long as its process lives. Arguments: the folder, and the ports as
// JSON. Says when it is ready; SIGTERM stops it.
const [folder = '', ports = ''] = process.argv.slice(2)
const stores = await chooseStores('docker')
const system = await startSystem({
  folder,
  ports: JSON.parse(ports),
  log: () => {},
  services: ['events'],
  stores,
})
process.once('SIGTERM', async () => {
  await system.stop()
  process.exit(0)
})
process.send?.('ready')
