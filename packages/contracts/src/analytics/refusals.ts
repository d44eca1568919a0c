import { defineNotFound, defineRefusal } from '../http/define-refusal.ts'

export const REBUILD_NOT_FOUND = defineNotFound('REBUILD')
export const REBUILD_RUNNING = defineRefusal('REBUILD_RUNNING', 409, 'a rebuild is in progress already')
export const REBUILD_ENDED = defineRefusal('REBUILD_ENDED', 409, 'this rebuild has ended')
