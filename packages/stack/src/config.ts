import process from 'node:process'

/** Our own environment, which the programs that we start inherit: their own settings are put over it. */
export const inheritedEnvironment: Readonly<Record<string, string | undefined>> = process.env
