import process from 'node:process'

/**
 * How many times as slow as the reference this machine is, as `calibrate` measured it for this run; 1 where
 * nobody did.
 */
export const machineFactor = Math.max(1, Number(process.env.MACHINE_FACTOR) || 1)
