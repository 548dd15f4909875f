/** The problems with the manifest of a package named foo, each as `line:column text`. */
import { expect } from 'vitest'
import {
  type Problem,
  problemText,
  readPackageManifest,
} from '../../src/domain/glasskube/package-manifest.ts'

/** The fields that a manifest must have. */
export const HEAD = 'name: foo\ndefaultNamespace: foo\n'

/** `more` are further fields. */
export function problemsOf(more: string): { errors: string[]; warnings: string[] } {
  const { manifest, errors, warnings } = readPackageManifest(HEAD + more, 'foo')
  expect(manifest === undefined).toBe(errors.length > 0)
  return { errors: errors.map(placed), warnings: warnings.map(placed) }
}

export function placed(problem: Problem): string {
  return `${problem.line}:${problem.column} ${problemText(problem)}`
}

export function errorsOf(more: string): string[] {
  const { errors, warnings } = problemsOf(more)
  expect(warnings).toEqual([])
  return errors
}

export function warningsOf(more: string): string[] {
  const { errors, warnings } = problemsOf(more)
  expect(errors).toEqual([])
  return warnings
}
