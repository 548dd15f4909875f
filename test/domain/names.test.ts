import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/errors.ts'
import {
  isLabel,
  labelProblem,
  ociRepository,
  packageProblem,
  parseOciRepository,
  parseRevisionName,
  revisionIdProblem,
  revisionName,
} from '../../src/domain/names.ts'

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?$/)

describe('labels', () => {
  it.each(['a', '0', 'a-b', 'a--b', 'x'.repeat(63)])('take %s', (text) => expect(isLabel(text)).toBe(true))
  it.each(['', '-a', 'a-', 'A', 'a.b', 'a_b', 'ä', 'a/b', 'a b', 'a\n', 'x'.repeat(64)])(
    'refuse %j',
    (text) => {
      expect(isLabel(text)).toBe(false)
      expect(labelProblem(text)).toMatch(/DNS-1123/)
    },
  )
})

describe('package paths', () => {
  it.each(['upf', 'nf/upf', 'a/b/c/d'])('take %s', (path) => expect(packageProblem(path)).toBeUndefined())
  it.each(['', '/', 'a/', '/a', 'a//b', 'a/../b', 'a.b', 'A/b'])('refuse %j', (path) => {
    expect(packageProblem(path)).toMatch(/must be one or more labels/)
  })
})

describe('names of package revisions', () => {
  it('join repository, package and workspace with dots', () => {
    expect(revisionName({ repository: 'blueprints', package: 'nf/upf', workspace: 'ws1' })).toBe(
      'blueprints.nf.upf.ws1',
    )
  })

  it('parse back', () => {
    fc.assert(
      fc.property(
        label,
        fc.array(label, { minLength: 1, maxLength: 4 }),
        label,
        (repository, path, workspace) => {
          const id = { repository, package: path.join('/'), workspace }
          expect(parseRevisionName(revisionName(id))).toEqual(id)
        },
      ),
    )
  })

  it.each(['', 'a', 'a.b', 'a..b.c', 'a.b.', '.a.b.c', 'A.b.c', 'a.b/c.d', `a.b.${'x'.repeat(300)}`])(
    'refuse %j',
    (name) => {
      expect(() => parseRevisionName(name)).toThrow(AppError)
    },
  )

  it('have at most 253 characters, so that Kubernetes can hold them', () => {
    const id = {
      repository: 'a'.repeat(63),
      package: Array(3).fill('b'.repeat(63)).join('/'),
      workspace: 'c',
    }
    expect(revisionIdProblem(id)).toMatch(/257 characters; at most 253/)
    expect(revisionIdProblem({ ...id, package: 'b' })).toBeUndefined()
  })
})

describe('names of OCI repositories', () => {
  it('parse back to the package', () => {
    const id = { repository: 'blueprints', package: 'nf/upf' }
    expect(parseOciRepository(ociRepository(id))).toEqual(id)
  })

  it.each(['', 'blueprints', 'blueprints/', '/upf', 'blueprints//upf', 'blueprints/UPF', 'a.b/c'])(
    'give no package for %j',
    (name) => {
      expect(parseOciRepository(name)).toBeUndefined()
    },
  )
})
