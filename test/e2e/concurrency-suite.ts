/** Many clients that write to one package at the same time. */
import { expect, it } from 'vitest'
import { folderApp, memoryApp } from '../support/app.ts'

export const FILE = (text: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: X\nmetadata: {name: ${text}}\n` },
})

/** With more at once they would mostly meet each other's refusals. */
const AT_ONCE = 20

export function manyWriters(count: number): void {
  it(`publish the revisions 1 to ${count}, and index and registry agree`, async () => {
    const { client } = await folderApp()
    await client.createRepository()
    const published = await Promise.all(
      Array.from({ length: count }, (_, at) => client.publish(`ws${at}`, FILE(`n${at}`))),
    )
    const numbers = published.map(({ revision }) => revision).sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: count }, (_, at) => at + 1))
    const { differences, revisions } = await client.ok('POST', '/verifications', {})
    expect({ differences, revisions }).toEqual({ differences: [], revisions: count })
  })

  it('change one draft, and none of their changes is lost', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1', undefined, { annotations: { count: '0' } })
    let refused = 0
    const increment = async (): Promise<void> => {
      for (;;) {
        const { annotations, resourceVersion } = await client.get(name)
        const next = { annotations: { count: String(Number(annotations.count) + 1) } }
        const condition = { 'If-Match': `"${resourceVersion}"` }
        const { status } = await client.call('PATCH', `/packagerevisions/${name}`, next, condition)
        if (status === 200) return
        expect(status).toBe(412)
        refused++
      }
    }
    for (let done = 0; done < count; done += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, increment))
    }
    expect((await client.get(name)).annotations.count).toBe(String(count))
    expect(refused).toBeGreaterThan(0)
    expect((await client.ok('POST', '/verifications', {})).differences).toEqual([])
  })
}
