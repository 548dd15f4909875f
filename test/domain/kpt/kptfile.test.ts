import { describe, expect, it } from 'vitest'
import { withUpstream } from '../../../src/domain/kpt/kptfile.ts'
import type { Resources } from '../../../src/domain/resources.ts'
import { hasCorpus, kptPackages, readFiles } from '../../support/corpus.ts'

const UPSTREAM = {
  name: 'blueprints.nf.upf.ws3',
  repository: 'blueprints',
  package: 'nf/upf',
  revision: 3,
  version: null,
  digest: `sha256:${'9'.repeat(64)}`,
}
const NOTE = { packagePath: 'edge/my-upf', upstream: UPSTREAM }

function edited(kptfile: string, more: object = {}): string {
  return textOf(withUpstream(new Map([['Kptfile', Buffer.from(kptfile)]]), { ...NOTE, ...more }))
}

function textOf(resources: Resources, path = 'Kptfile'): string {
  return Buffer.from(resources.get(path) ?? []).toString()
}

const HEAD = 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: my-upf\n'

describe('withUpstream', () => {
  it('keeps the strategy and the comments of the former upstream', () => {
    const before = `${HEAD}upstream: # theirs
  type: git
  git:
    repo: https://github.com/example/packages.git # here
    directory: /nf/upf
    ref: nf/upf/v1
  updateStrategy: fast-forward
upstreamLock:
  type: generic
  generic:
    storeID: DB
pipeline: {}
`
    const after = `${HEAD}upstream: # theirs
  type: git
  git:
    repo: oci:///blueprints/nf/upf # here
    directory: /
    ref: v3
  updateStrategy: fast-forward
upstreamLock:
  type: git
  git:
    repo: oci:///blueprints/nf/upf
    directory: /
    ref: v3
    commit: ${UPSTREAM.digest}
pipeline: {}
`
    expect(edited(before)).toBe(after)
    expect(edited(after)).toBe(after)
    expect(edited(before, { strategy: 'copy-merge' })).toBe(after.replace('fast-forward', 'copy-merge'))
  })

  it('returns the same map if nothing changes, or without a valid Kptfile', () => {
    const known = new Map([['Kptfile', Buffer.from(edited(HEAD))]])
    expect(withUpstream(known, NOTE)).toBe(known)
    for (const text of ['', 'kind: [', 'a: 1\n', `${HEAD}upstream: x\n`, HEAD.replace('Kptfile', 'Other')]) {
      const resources = new Map([['Kptfile', Buffer.from(text)]])
      expect(withUpstream(resources, NOTE), text).toBe(resources)
    }
    const none = new Map([['sub/Kptfile', Buffer.from(HEAD)]])
    expect(withUpstream(none, NOTE)).toBe(none)
  })
})

describe.runIf(hasCorpus)('withUpstream of real packages', () => {
  it('removes no lines but those that it sets', () => {
    for (const real of kptPackages()) {
      const before = readFiles(real)
      const after = withUpstream(before, NOTE)
      expect(withUpstream(after, NOTE), real.folder).toBe(after)
      expect([...after.keys()]).toEqual([...before.keys()])
      for (const [path, content] of after) {
        if (content === before.get(path)) continue
        const lines = textOf(after, path).split('\n')
        const lost = textOf(before, path)
          .split('\n')
          .filter((line) => !lines.includes(line))
        const set = /^ *(?:name|package-path|type|repo|directory|ref|commit): /
        expect(
          lost.filter((line) => !set.test(line)),
          `${real.folder}/${path}`,
        ).toEqual([])
      }
      if (before.has('Kptfile')) expect(textOf(after), real.folder).toContain(`commit: ${UPSTREAM.digest}`)
    }
  })
})
