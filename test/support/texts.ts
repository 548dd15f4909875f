/** Packages whose files are texts. */
import type { PackageFiles } from '../../src/domain/package-files.ts'
import type { Resources } from '../../src/domain/resources.ts'

/** Texts by path. */
export type Texts = Readonly<Record<string, string>>

export function resourcesOf(texts: Texts): Resources {
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]))
}

/** Files of which those at `executables` are executable, as far as they exist. */
export function filesOf(texts: Texts, ...executables: string[]): PackageFiles {
  return {
    resources: resourcesOf(texts),
    executables: new Set(executables.filter((path) => Object.hasOwn(texts, path))),
  }
}

export function textsOf(resources: Resources): Record<string, string> {
  return Object.fromEntries([...resources].map(([path, content]) => [path, Buffer.from(content).toString()]))
}
