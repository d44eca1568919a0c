import path from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

test('the browser bundle contains only the client: no contract, no zod, no Node.js; small', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, 'index.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser', // fails on an import of Node.js
    target: 'es2022',
    metafile: true,
    write: false,
  })
  const inputs = Object.keys(metafile.inputs).map((file) => path.resolve(file))
  const others = inputs.filter((file) => path.dirname(file) !== import.meta.dirname)
  expect(others.filter((file) => !file.includes('eventsource-parser'))).toEqual([])
  expect(outputFiles[0]?.contents.byteLength).toBeLessThan(16_000)
})
