/** What a repository's publisher can make expensive for others. */
import { expect, it } from 'vitest'
import { digestOf } from '../../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../../src/oci/media-types.ts'
import { protectedApp } from '../../support/protected-app.ts'

const NAME = 'team/crowded'
const CHILDREN = 20
const LEVELS = 8

async function prepared() {
  const app = await protectedApp()
  const publisher = await app.user('ann', 'publisher', 'team')
  const reader = await app.user('eve', 'reader', 'team')
  const put = async (manifest: object, reference?: string): Promise<string> => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, ...manifest }))
    const digest = digestOf(bytes)
    const response = await publisher.send(`/v2/${NAME}/manifests/${reference ?? digest}`, {
      method: 'PUT',
      headers: { 'Content-Type': MEDIA_TYPE.index },
      body: bytes,
    })
    expect(response.status).toBe(201)
    return digest
  }
  const status = async (reference: string) => (await reader.send(`/v2/${NAME}/manifests/${reference}`)).status
  return { put, status }
}

const numbered = (count: number) => Array.from({ length: count }, (_, number) => number)
const index = (level: number, number = 0) => ({ manifests: [], annotations: { at: `${level} ${number}` } })

it('answers soon where tags are about what other tags lead to, many times over', async () => {
  const { put, status } = await prepared()
  const chain = []
  for (const level of numbered(LEVELS)) chain.push(await put(index(level)))
  for (const level of numbered(LEVELS - 1)) {
    const about = chain[level + 1]?.replace(':', '-')
    for (const number of numbered(CHILDREN)) await put(index(level), `${about}.k${number}`)
  }
  expect(await status(chain[0] ?? '')).toBe(404)

  await put(index(LEVELS - 1), 'public')
  expect(await status(chain[0] ?? '')).toBe(200)
})

it('answers soon where indexes list each other in many ways', async () => {
  const { put, status } = await prepared()
  let below: string[] = []
  for (const level of numbered(LEVELS)) {
    const manifests = below.map((digest) => ({ mediaType: MEDIA_TYPE.index, digest, size: 1 }))
    const made = numbered(CHILDREN).map((number) => put({ ...index(level, number), manifests }))
    below = await Promise.all(made)
  }
  await put(
    { ...index(LEVELS), manifests: [{ mediaType: MEDIA_TYPE.index, digest: below[0], size: 1 }] },
    'top',
  )
  const alone = await put(index(99))
  expect(await status(alone)).toBe(404)
  expect(await status(below[0] ?? '')).toBe(200)
})
