import process from 'node:process'

/** Our own environment, inherited by the programs that we start; their settings override it. */
export const inheritedEnvironment: Readonly<Record<string, string | undefined>> = process.env
