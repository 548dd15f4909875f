/** `pkgserver restore` with archives that no server wrote. Their sums are right. */
import { createHash } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { oldIndex } from '../support/old-index.ts'
import { runCommand } from '../support/process.ts'
import { type TarEntry, tar } from '../support/tar.ts'
import { temporaryFolder } from '../support/temporary.ts'

type Content = string | Buffer

const INFO = {
  format: 'pkgserver-backup',
  formatVersion: 1,
  version: '0.1.0',
  registry: 'files',
  createdAt: '2026-01-02T03:04:05.678Z',
}

/** The index as the migrations before `migration` make it. */
async function indexBefore(migration: string, change = ''): Promise<Buffer> {
  const { database } = await oldIndex(migration)
  database.exec(change)
  const bytes = database.serialize()
  database.close()
  return bytes
}

function databaseWith(tables: string): Buffer {
  const database = new BetterSqlite3(':memory:')
  database.exec(tables)
  const bytes = database.serialize()
  database.close()
  return bytes
}

async function restored(files: { info?: object | string; index: Content; more?: [string, Content][] }) {
  const { info = INFO, index, more = [] } = files
  const all = [
    ['backup.json', typeof info === 'string' ? info : JSON.stringify(info)] as const,
    ['index.db', index] as const,
    ...more,
  ]
  const sums = all.map(
    ([path, content]) => `${createHash('sha256').update(content).digest('hex')}  ${path}\n`,
  )
  return restoredFrom([
    ...all.map(([name, content]) => ({ name, content })),
    { name: 'SHA256SUMS', content: sums.join('') },
  ])
}

async function restoredFrom(entries: TarEntry[]) {
  const folder = await temporaryFolder()
  const file = join(folder, 'backup.tar')
  await writeFile(file, tar(entries))
  const data = join(folder, 'data')
  const result = await runCommand(['restore', file, '--data', data])
  return { ...result, data, left: (await readdir(data)).filter((name) => !name.startsWith('lock.db')) }
}

const refused = (reason: RegExp) => ({
  code: 1,
  output: '',
  log: expect.stringMatching(
    new RegExp(`^pkgserver: the file is damaged, or not a backup: ${reason.source}\\n$`),
  ),
  left: [],
})

describe('a restored archive', () => {
  it('has the index of this version, or of an earlier one', async () => {
    for (const migration of ['~', '0002']) {
      const { data, ...result } = await restored({ index: await indexBefore(migration) })
      expect(result).toMatchObject({ code: 0, log: '', left: ['index.db'] })
      expect((await runCommand(['verify', '--data', data])).output).toContain('no differences')
    }
  })

  it.each<[string, RegExp, () => Promise<Content> | Content]>([
    [
      'text',
      /its index\.db is no index of pkgserver: file is not a database/,
      () => 'no database'.repeat(1000),
    ],
    ['no content', /its index\.db is no index of pkgserver: it is empty, .*/, () => ''],
    [
      'the database of another program',
      /its index\.db is no index of pkgserver: it is empty, or that of another program/,
      () => databaseWith('CREATE TABLE notes (text TEXT)'),
    ],
    [
      'an index without some of its tables',
      /its index\.db is no index of pkgserver: the table webhooks is missing/,
      () => indexBefore('~', 'DROP TABLE deliveries; DROP TABLE webhooks'),
    ],
    [
      'an index that a later version has changed',
      /its index\.db is no index of pkgserver: .*9999_future\.sql.*run the newer version that wrote it/,
      () => indexBefore('~', "INSERT INTO migrations VALUES ('9999_future.sql', '')"),
    ],
    [
      'a damaged index',
      /its index\.db is no index of pkgserver: .*/,
      async () => {
        const index = await indexBefore('~')
        return index.fill(0x5a, 4096 * 3, 4096 * 9)
      },
    ],
  ])('is refused if its index is %s', async (_, reason, index) => {
    const { data: _data, ...result } = await restored({ index: await index() })
    expect(result).toMatchObject(refused(reason))
  })

  it.each<[string, object | string]>([
    ['no JSON', '{'],
    ['null', 'null'],
    ['of another format', { ...INFO, format: 'other' }],
    ['without a time', { ...INFO, createdAt: undefined }],
    ['with escape codes for a time', { ...INFO, createdAt: '\u001b[2Jnow' }],
    ['without a place for artifacts', { ...INFO, registry: 7 }],
  ])('is refused if its description is %s', async (_, info) => {
    const { data: _data, ...result } = await restored({ info, index: await indexBefore('~') })
    expect(result).toMatchObject(refused(/its backup\.json does not describe one/))
  })

  it('is refused if two of its files cannot be in one folder', async () => {
    const long = 'n'.repeat(300)
    const index = await indexBefore('~')
    for (const paths of [
      ['registry/a', 'registry/a'],
      ['registry/a', 'registry/a/b'],
      ['registry/a/b', 'registry/a'],
      [`registry/${'d'.repeat(50)}`, `registry/${'d'.repeat(50)}/b`],
    ]) {
      const { data: _data, ...result } = await restored({ index, more: paths.map((path) => [path, 'x']) })
      expect(result).toMatchObject(
        refused(/".*" cannot be in one folder with the files before it \(E[A-Z]+\)/),
      )
    }
    const { data: _data, ...result } = await restoredFrom([
      { type: 'x', name: 'pax', content: pax(`registry/${long}`) },
      { name: 'registry/x', content: 'x' },
    ])
    expect(result).toMatchObject(refused(/.*\(ENAMETOOLONG\)/))
  })

  it('never sends what it quotes to the terminal as it is', async () => {
    const index = await indexBefore('~')
    const elsewhere = 'https://example.com/\u001b]0;title\u0007\nrestored everything'
    const { data: _data, ...shown } = await restored({ info: { ...INFO, registry: { elsewhere } }, index })
    const outputs = [
      shown,
      await restoredFrom([{ name: 'registry/\u001b[2J\nall is well', content: 'x' }]),
      await restoredFrom([{ name: '\u009b2J', type: '5' }]),
      await restoredFrom([{ name: 'a\u202eb', type: '2', link: 'x' }]),
    ]
    for (const { output, log } of outputs) {
      expect(output + log).toMatch(/\\u00(1b|9b)|\\u202e/)
      expect(output + log).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
      expect(
        (output + log).split('\n').filter((line) => /^(?:restored everything|all is well)/.test(line)),
      ).toEqual([])
    }
  })
})

/** A pax header that gives the next entry a path. */
function pax(path: string): string {
  const record = ` path=${path}\n`
  const length = [3, 2]
    .map((digits) => record.length + digits)
    .find((all, at) => String(all).length === 3 - at)
  return `${length}${record}`
}
