import process from 'node:process'

/**
 * This machine's slowness factor relative to the reference, as `calibrate` measured it for this run; 1 if
 * not measured.
 */
export const machineFactor = Math.max(1, Number(process.env.MACHINE_FACTOR) || 1)
