/** `npm run bench`, or `npm run bench -- publication` for one of them. */
import { availableParallelism, cpus } from 'node:os'
import { benchManifest } from './manifest.ts'
import { benchPublication } from './publication.ts'
import { format, type Row } from './statistics.ts'

const BENCHES: Record<string, () => Promise<Row[]>> = {
  publication: benchPublication,
  manifest: benchManifest,
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BENCHES)
const unknown = names.find((name) => !BENCHES[name])
if (unknown) {
  console.error(`there is no benchmark "${unknown}"; there are ${Object.keys(BENCHES).join(', ')}`)
  process.exitCode = 2
} else {
  console.log(
    `${availableParallelism()} cores (${cpus()[0]?.model}), Node ${process.version}; medians of 5 runs`,
  )
  for (const name of names) {
    for (const row of (await BENCHES[name]?.()) ?? []) console.log(format(row))
  }
}
