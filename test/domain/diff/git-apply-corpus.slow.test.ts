import { expect, it } from 'vitest'
import { plainFiles } from '../../../src/domain/package-files.ts'
import { DEFAULT_LIMITS } from '../../../src/domain/resources.ts'
import { describeWith } from '../../interop/tool.ts'
import { type CorpusPackage, hasCorpus, kptPackages, readFiles } from '../../support/corpus.ts'
import { applied, git, patchOf, sorted } from '../../support/git.ts'

describeWith(git, 'git apply', () => {
  it.runIf(hasCorpus)('turns each version of real packages into the next one', () => {
    const byPath = Map.groupBy(kptPackages(), ({ path }) => path)
    let compared = 0
    for (const [old, now] of [...byPath.values()].flatMap(neighbours)) {
      const [before, after] = [plainFiles(readFiles(old)), plainFiles(readFiles(now))]
      if (before.resources.size > DEFAULT_LIMITS.maxFiles) continue
      expect(sorted(applied(before, patchOf(before, after)))).toEqual(sorted(after))
      compared++
    }
    expect(compared).toBeGreaterThan(5)
  })
})

function neighbours(versions: readonly CorpusPackage[]): [CorpusPackage, CorpusPackage][] {
  return versions.slice(1).map((now, index) => [versions[index] as CorpusPackage, now])
}
