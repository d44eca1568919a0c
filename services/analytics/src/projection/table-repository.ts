import type { Sql } from '@boxoffice/service-kit'

/**
 * A table of the projection: its columns by the fields of its rows, and the fields that make its key beside
 * the generation. `put` writes rows in one statement; of a row that is there already it sets what
 * `onConflict` says, or every column.
 */
export function defineTable<Row extends object>(options: {
  name: string
  key: readonly (keyof Row & string)[]
  /** Those of rows.ts. */
  columns: { readonly [K in keyof Row]-?: string }
  /** What is set where the row is there, as `t` beside `excluded`, and when. */
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
    /** The columns for a `select`, under the names of the fields. */
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
