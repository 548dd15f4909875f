/** Versions and ranges as Glasskube reads them, of texts that are valid. */
import { type LooseVersion, parseLooseVersion } from '../../src/domain/glasskube/loose-version.ts'
import { parseRange, type VersionRange } from '../../src/domain/glasskube/range.ts'

export function loose(text: string): LooseVersion {
  const version = parseLooseVersion(text)
  if (!version) throw new Error(`${text} is not a version`)
  return version
}

export function range(text: string): VersionRange {
  const parsed = parseRange(text)
  if ('problem' in parsed) throw new Error(`${text} ${parsed.problem}`)
  return parsed
}
