import { readEnvironment } from '@boxoffice/service-kit'
import { z } from 'zod'

const Folders = z.string().transform((text) => text.split(',').filter((folder) => folder !== ''))
const User = z.coerce.number().int().min(0)

export const SecretsEnvironment = z.object({
  SECRETS_FOLDER: z
    .string()
    .min(1)
    .describe('folder with a subfolder for each program that gets secrets, and one of our own'),
  DATABASE_SERVER: z.string().min(1).describe('host and port of PostgreSQL'),
  OWNER_ID: User.default(1000).describe('user that the programs run as: node, in the image'),
  DATA_FOLDERS: Folders.default([]).describe('folders that this user must own, comma separated'),
})

export const SeedEnvironment = z.object({
  EDGE_URL: z.url().describe('where the edge is'),
  MAILS_URL: z.url().describe('where the mails are listed that were sent: an organizer confirms the address'),
  DEMO_FOLDER: z.string().min(1).describe('where the demo accounts and events are remembered'),
})

/** Reads the environment of both programs. Throws an error that names every missing or invalid variable. */
export function loadSecretsConfig(environment: Record<string, string | undefined>) {
  const read = readEnvironment(SecretsEnvironment, environment)
  return {
    folder: read.SECRETS_FOLDER,
    databaseServer: read.DATABASE_SERVER,
    ownerId: read.OWNER_ID,
    dataFolders: read.DATA_FOLDERS,
  }
}

export function loadSeedConfig(environment: Record<string, string | undefined>) {
  const read = readEnvironment(SeedEnvironment, environment)
  return { edgeUrl: read.EDGE_URL, mailsUrl: read.MAILS_URL, folder: read.DEMO_FOLDER }
}
