import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'

// Prisma's schema engine as WebAssembly: the native one is downloaded at run time, which needs a network.

interface SchemaEngine {
  diff(options: object): Promise<{ stdout: string }>
  free(): void
}
interface Bindings {
  __wbg_set_wasm(exports: unknown): void
  SchemaEngine: {
    'new'(options: object, log: (line: string) => void, adapter: object): Promise<SchemaEngine>
  }
}

// Node has it, but TypeScript declares it only in the DOM library.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate(
      code: Uint8Array,
      imports: object,
    ): Promise<{ instance: { exports: Record<string, unknown> } }>
  }
}

let loaded: Promise<Bindings> | undefined

async function load(): Promise<Bindings> {
  const engine = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const wasm = new Uint8Array(readFileSync(path.join(path.dirname(engine), 'schema_engine_bg.wasm')))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings })
  const module = bindings as unknown as Bindings
  module.__wbg_set_wasm(instance.exports)
  ;(instance.exports.__wbindgen_start as () => void)()
  return module
}

/**
 * Returns the SQL that creates the tables of a schema.prisma in an empty database. `databaseUrl` must be a
 * running server: the engine queries its version.
 */
export async function sqlOfSchema(schemaFile: string, databaseUrl: string): Promise<string> {
  loaded ??= load()
  const { SchemaEngine } = await loaded
  const content = readFileSync(schemaFile, 'utf8')
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: databaseUrl }))
  const engine = await SchemaEngine.new({ datamodels: [[schemaFile, content]] }, () => {}, adapter)
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: schemaFile, content }] },
      script: true,
      shadowDatabaseUrl: null,
      exitCode: false,
      filters: { externalTables: [], externalEnums: [] },
    })
    return stdout
  } finally {
    engine.free()
  }
}
