import type { Sql } from '@boxoffice/service-kit'

/**
 * Defines a table of the projection: its columns by field, and the fields of its key besides the generation.
 * `put` writes rows in one statement; for existing rows it sets `onConflict`, or every column.
 */
export function defineTable<Row extends object>(options: {
  name: string
  key: readonly (keyof Row & string)[]
  /** Those of rows.ts. */
  columns: { readonly [K in keyof Row]-?: string }
  /** What to set on an existing row (`t`; new values are `excluded`), and when. */
  onConflict?: string
}) {
  const { name } = options
  const { generation: _, ...columns }: Record<string, string> = options.columns
  const fields = Object.keys(columns)
  const names = Object.values(columns).join(', ')
  const keys = options.key.map((field) => columns[field])
  const overwrite = Object.values(columns)
    .filter((column) => !keys.includes(column))
    .map((column) => `${column} = excluded.${column}`)
  const put = `insert into ${name} as t (generation, ${names})
    select $1, ${names} from jsonb_populate_recordset(null::${name}, $2::jsonb) order by ${keys.join(', ')}
    on conflict (generation, ${keys.join(', ')}) do update set ${options.onConflict ?? overwrite.join(', ')}`
  return {
    /** Columns for a `select`, named as the fields. */
    selected: fields.map((field) => `${columns[field]} as "${field}"`).join(', '),
    async put(sql: Sql, generation: number, rows: readonly Row[]): Promise<void> {
      if (rows.length === 0) return
      const written = rows.map((row) =>
        Object.fromEntries(fields.map((field) => [columns[field], row[field as keyof Row]])),
      )
      await sql.query(put, [generation, JSON.stringify(written)])
    },
  }
}
