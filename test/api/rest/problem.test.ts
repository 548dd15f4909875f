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

  it('adds to the message which call solves the problem', () => {
    const remedy = { do: 'create_repository' } as const
    expect(problemOf(new AppError('not_found', 'there is no repository x', { remedy }))).toMatchObject({
      status: 404,
      detail: 'there is no repository x. POST /api/v1/repositories creates one.',
    })
    expect(problemOf(new AppError('conflict', 'It has changed.', { remedy })).detail).toBe(
      'It has changed. POST /api/v1/repositories creates one.',
    )
  })

  it('names a field at fault by its path in the body, and anything else by its own path', () => {
    const details = [
      { field: 'targets.3', message: 'it is missing' },
      { path: 'a.yaml', line: 2, message: 'it does not parse' },
    ]
    expect(problemOf(new AppError('invalid', 'two faults', { details })).errors).toEqual([
      { path: 'body.targets.3', message: 'it is missing' },
      { path: 'a.yaml', line: 2, message: 'it does not parse' },
    ])
  })

  it('discloses nothing about the inside of the server', () => {
    for (const error of [new Error('secret'), new AppError('internal', 'secret'), 'secret']) {
      expect(problemOf(error)).toMatchObject({ status: 500, detail: expect.not.stringContaining('secret') })
    }
  })
})
