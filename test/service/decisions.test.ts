/** Finds what no type forbids: a decision that reads from the open database, and so waits for its own end. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const SERVICE = join(import.meta.dirname, '../../src/service')

/** The bodies of the functions `(transaction, …) => …`: the rest of the line, and all lines indented below it. */
function decisionsIn(source: string): string[] {
  const lines = source.split('\n')
  return lines.flatMap((line, at) => {
    const [, indent = '', body] = /^(\s*).*\(transaction\b[^()]*\) =>(.*)/.exec(line) ?? []
    if (body === undefined) return []
    const rest = lines.slice(at + 1)
    const end = rest.findIndex((next) => next !== '' && !next.startsWith(`${indent} `))
    return [[body, ...rest.slice(0, end)].join('\n')]
  })
}

const decisions = readdirSync(SERVICE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => decisionsIn(readFileSync(join(SERVICE, path), 'utf8')).map((body) => ({ path, body })))

describe('decisions', () => {
  it('are found in the source', () => {
    const source = `
    await decide(ctx, name, async (transaction) => {
      if (await hasRevisions(transaction)) throw error
      return { result: await find(ctx.db) }
    })
    return commits.run((transaction) => prune(transaction, AT_ONCE))
  await find(ctx.db)
`
    expect(decisionsIn(source)).toEqual([
      ' {\n      if (await hasRevisions(transaction)) throw error\n      return { result: await find(ctx.db) }',
      ' prune(transaction, AT_ONCE))',
    ])
    expect(decisions.length).toBeGreaterThan(30)
  })

  it('read from their transactions only', () => {
    expect(decisions.filter(({ body }) => /\bdb\b/.test(body))).toEqual([])
  })
})
