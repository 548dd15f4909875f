import { describe, expect, it } from 'vitest'
import { problem, problemOf } from '../../../src/api/rest/problem.ts'
import { AppError } from '../../../src/core/errors.ts'

const noSpace = Object.assign(new Error("ENOSPC: no space left on device, open '/var/lib/x'"), {
  code: 'ENOSPC',
})

describe('a problem', () => {
  it('shortens long texts from requests', () => {
    const long = '\u{1F600}'.repeat(100_000)
    const errors = Array.from({ length: 1000 }, () => ({ path: long, line: 3, message: long }))
    const { detail, errors: shown = [] } = problem('invalid', long, errors)
    expect(shown).toHaveLength(200)
    for (const text of [detail, shown[0]?.path, shown[0]?.message]) {
      expect(text).toHaveLength(4097)
      expect(text?.isWellFormed()).toBe(true)
    }
    expect(shown[0]?.line).toBe(3)
  })

  it('reports a full disk, with the detail of the error that knows what was saved', () => {
    expect(problemOf(new AppError('unavailable', 'The change is saved.', { cause: noSpace }))).toMatchObject({
      status: 507,
      code: 'insufficient_storage',
      detail: expect.stringMatching(/^The change is saved\./),
    })
    expect(problemOf(noSpace)).toMatchObject({ status: 507, detail: expect.not.stringContaining('/var') })
  })

  it('discloses nothing about the inside of the server', () => {
    for (const error of [new Error('secret'), new AppError('internal', 'secret'), 'secret']) {
      expect(problemOf(error)).toMatchObject({ status: 500, detail: expect.not.stringContaining('secret') })
    }
  })
})
