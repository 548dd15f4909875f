/** `npm run bench` runs the default benchmarks, `npm run bench -- publication` one of them. */
import { availableParallelism, cpus } from 'node:os'
import { benchGlasskube } from './glasskube.ts'
import { benchIndex } from './index.ts'
import { benchManifest } from './manifest.ts'
import { benchMerge } from './merge.ts'
import { benchPublication } from './publication.ts'
import { benchRegistry } from './registry/registry.ts'
import { benchZb } from './registry/zb.ts'
import { format } from './statistics.ts'
import { benchWatch } from './watch.ts'

/** Each returns the lines that it has not printed yet. */
const BENCHES: Record<string, () => Promise<string[]>> = {
  publication: async () => (await benchPublication()).map(format),
  manifest: async () => (await benchManifest()).map(format),
  glasskube: async () => (await benchGlasskube()).map(format),
  merge: benchMerge,
  watch: benchWatch,
  index: benchIndex,
  registry: benchRegistry,
  zb: benchZb,
}
/** The others take minutes or need more, so they run only on request. */
const DEFAULT = ['publication', 'manifest']

const names = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT
const unknown = names.find((name) => !BENCHES[name])
if (unknown) {
  console.error(`unknown benchmark "${unknown}": choose from ${Object.keys(BENCHES).join(', ')}`)
  process.exitCode = 2
} else {
  console.log(`${availableParallelism()} cores (${cpus()[0]?.model}), Node ${process.version}`)
  for (const name of names) {
    for (const line of (await BENCHES[name]?.()) ?? []) console.log(line)
  }
}
