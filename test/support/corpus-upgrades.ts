/** Upgrades of real packages, and local edits of their older versions. */
import { type CorpusPackage, kptPackages, readFiles } from './corpus.ts'

export type Files = Map<string, Buffer>
export type CorpusUpgrade = { path: string; from: string; to: string; original: Files; upstream: Files }

const STEPS = [
  ['v2.0.0', 'v3.0.0'],
  ['v3.0.0', 'main'],
] as const

/** Returns each package with its next version, if they differ. */
export function corpusUpgrades(): CorpusUpgrade[] {
  const packages = kptPackages()
  const find = (path: string, version: string): CorpusPackage | undefined =>
    packages.find((other) => other.path === path && other.version === version)
  const paths = [...new Set(packages.map(({ path }) => path))].sort()
  return STEPS.flatMap(([from, to]) =>
    paths.flatMap((path): CorpusUpgrade[] => {
      const [old, next] = [find(path, from), find(path, to)]
      if (!old || !next) return []
      const [original, upstream] = [readFiles(old), readFiles(next)]
      return isSame(original, upstream) ? [] : [{ path, from, to, original, upstream }]
    }),
  )
}

function isSame(a: Files, b: Files): boolean {
  return a.size === b.size && [...a].every(([path, content]) => b.get(path)?.equals(content))
}

/** The prefix of a namespace that was changed locally. */
export const LOCAL = 'local-'

export type Edited = { files: Files; edits: string[] }

/** Edits files as a user would. The edits depend only on the name of the package. */
export function withLocalEdits(files: Files, name: string): Edited {
  const random = randomNumbers(name)
  const edited = new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
  const edits: string[] = []
  for (const [what, edit] of Object.entries(EDITS)) {
    const paths = [...edited.keys()].filter((path) => isYaml(path) && path !== ADDED)
    const start = random(Math.max(paths.length, 1))
    const inTurn = [...paths.slice(start), ...paths.slice(0, start)]
    for (const path of inTurn) {
      const text = edited.get(path)?.toString() ?? ''
      const now = edit(text)
      if (now === text) continue
      edited.set(path, Buffer.from(now))
      edits.push(`${what} in ${path}`)
      break
    }
  }
  const resources = [...edited.keys()].filter((path) => isYaml(path) && path !== 'package-context.yaml')
  const untouched = resources.filter((path) => files.get(path) === edited.get(path))
  if (resources.length > 3 && untouched.length > 0) {
    const path = untouched[random(untouched.length)] as string
    edited.delete(path)
    edits.push(`${path} deleted`)
  }
  edited.set(ADDED, Buffer.from(QUOTA))
  edits.push(`${ADDED} added`)
  return { files: edited, edits }
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path)
}

const ADDED = 'local-quota.yaml'
const QUOTA = `apiVersion: v1
kind: ResourceQuota
metadata:
  name: local-quota
spec:
  hard:
    pods: "10"
`

/** Each returns the text unchanged if it does not apply. */
const EDITS: Readonly<Record<string, (text: string) => string>> = {
  replicas: (text) => text.replace(/^( *replicas: )\d+/m, '$17'),
  image: (text) => text.replace(/^( *(?:- )?image: [^\s:]+(?::\d+\/[^\s:]+)?):[^\s"']+$/m, '$1:local'),
  label: (text) => text.replace(/^( *)labels:((?: *#.*)?)\n( +)/m, '$1labels:$2\n$3team: local\n$3'),
  comment: (text) => text.replace(/^(kind: [A-Za-z]+)$/m, '# local: see the runbook\n$1'),
  namespace: (text) =>
    text.replaceAll(/^(metadata:.*\n(?: {2}.*\n)*? {2}namespace: )([a-z][-a-z]*)$/gm, `$1${LOCAL}$2`),
}

/** Returns a generator of random numbers below a bound, seeded by a text. */
function randomNumbers(seed: string): (below: number) => number {
  let state = [...seed].reduce((sum, char) => Math.imul(sum ^ char.charCodeAt(0), 16777619) >>> 0, 2166136261)
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Restores the former namespaces, so that objects have their upstream identity. */
export function withoutLocalNamespaces(files: ReadonlyMap<string, Uint8Array>): Files {
  return new Map(
    [...files].map(([path, content]) => [
      path,
      isYaml(path)
        ? Buffer.from(Buffer.from(content).toString().replaceAll(`namespace: ${LOCAL}`, 'namespace: '))
        : Buffer.from(content),
    ]),
  )
}
