import { describe, expect, it } from 'vitest'
import { withOrigin } from '../../src/core/origin.ts'
import { audit } from '../../src/service/audit/record.ts'
import { pruneAudit } from '../../src/service/audit/retention.ts'
import { memoryApp } from '../support/app.ts'
import { exported, problems } from '../support/audit.ts'

const DAY = 24 * 60 * 60 * 1000
const KEPT = { records: 10 * DAY, addresses: 2 * DAY }

/** An app with one repository for each of these times. */
async function appWith(times: string[]) {
  const { client, parts } = await memoryApp()
  const at = (time: string): void => {
    parts.ctx.now = () => new Date(time)
  }
  for (const [number, time] of times.entries()) {
    at(time)
    await client.createRepository(`r${number}`)
  }
  return { client, ctx: parts.ctx, at }
}

const isCut = ({ type }: { type: string }): boolean => type === 'audit.cut'

describe('old records', () => {
  it('are cut off in whole days, and the rest can still be verified', async () => {
    const { client, ctx, at } = await appWith([
      '2026-01-01T10:00:00.000Z',
      '2026-01-01T23:59:59.999Z',
      '2026-01-02T00:00:00.000Z',
      '2026-01-05T12:00:00.000Z',
      '2026-01-13T12:00:00.000Z',
    ])
    const { last, hash } = await client.ok('POST', '/audit/verifications', {})
    await pruneAudit(ctx, KEPT)
    const kept = await exported(client)
    expect(
      kept.filter(({ type }) => type === 'repository.created').map(({ target }) => target.repository),
    ).toEqual(['r3', 'r4'])
    expect(kept.filter(isCut)).toMatchObject([
      {
        actor: { name: 'server', kind: 'system' },
        details: { throughSeq: 2, records: 2, until: '2026-01-01' },
      },
      { details: { throughSeq: 3, records: 1, until: '2026-01-02' } },
    ])
    const found = await client.ok('POST', '/audit/verifications', {
      heads: [
        { seq: last, hash },
        { seq: 1, hash },
      ],
    })
    expect(found).toMatchObject({ first: 4, cut: 3, anchors: 1, olderAnchors: 1, problems: [] })

    at('2028-01-01T00:00:00.000Z')
    await pruneAudit(ctx, KEPT)
    await pruneAudit(ctx, KEPT)
    const { first, problems: none } = await client.ok('POST', '/audit/verifications', {})
    expect(none).toEqual([])
    await client.createRepository('new')
    expect((await exported(client, `?since=${first - 1}`)).map(({ type }) => type)).toContain(
      'repository.created',
    )
    expect(await problems(client)).toEqual([])
  })

  it('are kept for ever if so wanted', async () => {
    const { client, ctx, at } = await appWith(['2020-01-01T10:00:00.000Z'])
    at('2026-01-01T10:00:00.000Z')
    await pruneAudit(ctx, { records: 0, addresses: 0 })
    expect(await exported(client)).toHaveLength(1)
  })

  it('are kept where they follow one of a later day, as after the clock was put back', async () => {
    const { client, ctx, at } = await appWith([
      '2026-01-01T10:00:00.000Z',
      '2026-02-01T10:00:00.000Z',
      '2026-01-01T11:00:00.000Z',
    ])
    at('2026-02-05T00:00:00.000Z')
    await pruneAudit(ctx, KEPT)
    expect((await exported(client)).filter((each) => !isCut(each)).map(({ seq }) => seq)).toEqual([2, 3])
    expect(await problems(client)).toEqual([])
  })

  it('lose the address of the client earlier, and can still be verified', async () => {
    const { client, parts } = await memoryApp()
    const { ctx } = parts
    const addresses = async () => (await exported(client)).map(({ source }) => source.address)
    ctx.now = () => new Date('2026-01-01T10:00:00.000Z')
    const from = (address: string, name: string) =>
      ctx.commits.run(async (transaction) => {
        await withOrigin({ address }, () =>
          audit(ctx, transaction, { name }, { type: 'repository.created', target: { repository: name } }),
        )
      })
    for (let at = 0; at < 600; at++) await from('192.0.2.7', `r${at}`)
    ctx.now = () => new Date('2026-01-04T10:00:00.000Z')
    await from('192.0.2.8', 'later')
    await pruneAudit(ctx, KEPT)
    const shown = await addresses()
    expect(shown.slice(0, 600).every((address) => address === null)).toBe(true)
    expect(shown[600]).toBe('192.0.2.8')
    expect(await problems(client)).toEqual([])
  })
})
