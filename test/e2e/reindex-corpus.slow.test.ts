/** Publishes all real packages, and rebuilds their index. */
import { describe, expect, it } from 'vitest'
import { allAnswers } from '../support/answers.ts'
import { folderApp } from '../support/app.ts'
import { glasskubePackages, hasCorpus, kptPackages, readFiles, toJson } from '../support/corpus.ts'
import { reindexed } from '../support/reindexed.ts'

describe.skipIf(!hasCorpus)('the corpus of real packages', () => {
  it('is the same in a rebuilt index, field by field', async () => {
    const app = await folderApp()
    const { client } = app
    for (const [repository, packages] of [
      ['kpt', kptPackages()],
      ['glasskube', glasskubePackages()],
    ] as const) {
      await client.createRepository(repository)
      for (const each of packages) {
        const resources = toJson(readFiles(each))
        const workspace = `v-${each.version.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 60)
        const path = each.path.toLowerCase().replaceAll(/[^a-z0-9/]+/g, '-')
        const draft = { repository, package: path, workspace: workspace.replace(/-$/, '') }
        const { name } = await client.createDraft(draft.workspace, { resources }, draft)
        const proposed = await client.call('POST', `/packagerevisions/${name}/propose`)
        if (proposed.status === 200) await client.verb(name, 'approve')
      }
    }
    const before = await allAnswers(client)
    const { client: again, report } = await reindexed(app)
    expect(await allAnswers(again)).toEqual(before)
    expect(report.notes).toEqual([])
    const published = before['/packagerevisions?limit=1000'].items.filter(
      ({ revision }: { revision: number }) => revision > 0,
    )
    const { revisions, milliseconds } = report
    process.stderr.write(
      `reindex of the corpus: ${revisions} revisions (${published.length} published) in ${milliseconds} ms, ${Math.round((revisions * 1000) / milliseconds)} revisions/s; ${Object.keys(before).length} responses are the same\n`,
    )
  })
})
