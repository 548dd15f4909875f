/**
 * Real packages, which are not part of this repository: `PKGSERVER_TEST_CORPUS` names their folder if it is not beside
 * the checkout. Without them, their tests are skipped, or fail in CI.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Files } from './client.ts'

const ROOT = process.env.PKGSERVER_TEST_CORPUS ?? join(import.meta.dirname, '../../../shared/corpus')

export const hasCorpus = existsSync(ROOT)

if (!hasCorpus) {
  const message = `There is no corpus of real packages in ${ROOT}: set PKGSERVER_TEST_CORPUS to its folder.`
  if (process.env.CI) throw new Error(message)
  process.stderr.write(`SKIPPED: tests with real packages. ${message}\n`)
}

/** The folder of one of its collections. */
export function corpusFolder(name: string): string {
  return join(ROOT, name)
}

/** One version of a real package and the folder with its files. */
export type CorpusPackage = { path: string; version: string; folder: string }

/** `kpt-packages/<path>/@<version>/`: real kpt packages, several versions of each. */
export function kptPackages(): CorpusPackage[] {
  const root = join(ROOT, 'kpt-packages')
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^|\/)@[^/]+$/.test(path) && statSync(join(root, path)).isDirectory())
    .map((path) => ({
      path: path.replace(/\/@[^/]+$/, ''),
      version: path.replace(/^.*\/@/, ''),
      folder: join(root, path),
    }))
}

/** `glasskube-packages/<name>/<version>/package.yaml`: one file each. */
export function glasskubePackages(): CorpusPackage[] {
  const root = join(ROOT, 'glasskube-packages')
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(root, name), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((version) => ({ path: name, version: version.name, folder: join(root, name, version.name) })),
    )
}

/** Returns files as the REST API takes them. */
export function toJson(files: Map<string, Buffer>): Files {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, { base64: bytes.toString('base64') }]))
}

export function readFiles({ folder }: CorpusPackage): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return new Map(
    names
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name, readFileSync(join(folder, name))]),
  )
}

/** A file beside the packages, such as the index.yaml of the Glasskube packages. */
export function corpusFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
