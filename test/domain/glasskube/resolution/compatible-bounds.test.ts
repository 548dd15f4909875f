import { describe, expect, it } from 'vitest'
import { resolveCompatibly } from '../../../../src/domain/glasskube/resolution/compatible.ts'
import type { InstalledPackage } from '../../../../src/domain/glasskube/resolution/problem.ts'
import { packages, type Repository, universe } from '../../../support/package-universe.ts'

const NAMESPACED = { scope: 'Namespaced' } as const

function resolve(published: Repository, request: string, installed: InstalledPackage[] = [], steps?: number) {
  return resolveCompatibly({ universe: universe(published), install: packages(request), installed }, steps)
}

const givesUp = expect.objectContaining({ code: 'too_large' })

describe('the bounds of resolveCompatibly', () => {
  const chain = (length: number, last: string[] = []) =>
    Object.fromEntries(
      Array.from({ length }, (_, i) => [`p${i} 1.0.0`, i < length - 1 ? [`p${i + 1} ^1`] : last]),
    )

  it('allow long chains', () => {
    expect(resolve(chain(20_000), 'p0').requirements).toHaveLength(19_999)
  })

  it('allow long cycles', () => {
    expect(resolve(chain(5000, ['p0']), 'p7').requirements).toHaveLength(4999)
  })

  it('allow to prune long chains', () => {
    const installed = packages(...Object.keys(chain(5000))).map((found, i) => ({
      ...found,
      asDependency: i > 0,
    }))
    expect(resolve({ ...chain(5000), 'p0 2.0.0': [] }, 'p0 2.0.0', installed).pruned).toHaveLength(4999)
  })

  it('end components that bring themselves along', () => {
    const answer = resolve({ 'C 1.0.0': { components: [{ name: 'C' }], ...NAMESPACED } }, 'default/C C')
    expect(answer).toMatchObject({ status: 'CONFLICT', conflicts: [{ name: 'C', by: 'C' }] })
    expect(answer.explanation).toContain('under too long a name')
  })

  it('end components that double at each level', () => {
    const published: Repository = { 'c20 1.0.0': NAMESPACED }
    for (let i = 0; i < 20; i++) {
      const components = ['a', 'b'].map((installedName) => ({ name: `c${i + 1}`, installedName }))
      published[`c${i} 1.0.0`] = { components, ...NAMESPACED }
    }
    expect(() => resolve(published, 'n/c0 c0', [], 100_000)).toThrow(givesUp)
  })

  it('end many ranges on many versions', () => {
    const published: Repository = { 'P 1.0.0': ['D'] }
    for (let i = 0; i < 1000; i++) published[`D 1.${i}.0`] = []
    const dependants = Array.from({ length: 100 }, (_, i) => `x${i} 1.0.0`)
    for (const [i, dependant] of dependants.entries())
      published[dependant] = [`D ${'>0 '.repeat(300)}<${i + 2}`]
    expect(() => resolve(published, 'P', packages(...dependants), 1_000_000)).toThrow(givesUp)
  })
})
