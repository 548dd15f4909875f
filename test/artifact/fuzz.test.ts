/** Random and damaged archives either unpack to a valid package or are refused with an error of the closed list. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packLayer, unpackLayer } from '../../src/artifact/layer.ts'
import { BLOCK, checksum } from '../../src/artifact/tar/format.ts'
import { writeTar } from '../../src/artifact/tar/write-tar.ts'
import { AppError } from '../../src/core/errors.ts'
import { type PackageFiles, plainFiles } from '../../src/domain/package-files.ts'
import { DEFAULT_LIMITS, pathProblem } from '../../src/domain/resources.ts'
import { hasCorpus, kptPackages, readFiles } from '../support/corpus.ts'
import { cpuTimer } from '../support/cpu-time.ts'
import { mutated, mutations } from '../support/mutations.ts'
import { searching } from '../support/sizes.ts'
import { pax, tar } from '../support/tar.ts'

const LIMITS = { ...DEFAULT_LIMITS, maxBytes: 4 * 1024 * 1024, maxFiles: 200 }
/** CPU time in milliseconds, for one archive of at most a few hundred KiB. */
const LONGEST = 5000

const HAND_MADE = [
  tar([
    { name: 'a.yaml', content: 'a: 1\n' },
    { name: 'b/', type: '5' },
    { name: 'b/c', content: 'x'.repeat(600) },
  ]),
  tar([pax({ path: 'näme.yaml', size: '2' }), { name: 'x', content: 'ab' }]),
  tar([
    { name: '././@LongLink', type: 'L', content: `${'d/'.repeat(60)}e\0` },
    { name: 'short', content: 'y' },
  ]),
  tar([{ name: 'e', prefix: 'p/r', content: Buffer.from([0, 255, 1]) }]),
]

const archives = [
  ...HAND_MADE,
  ...(hasCorpus
    ? kptPackages()
        .filter((_, at) => at % 9 === 0)
        .map((found) => Buffer.concat([...writeTar(plainFiles(readFiles(found)))]))
        .filter(({ length }) => length < 300_000)
    : []),
]

/** A package must survive being packed again. */
async function checkUnpacking(archive: Uint8Array): Promise<void> {
  const spent = cpuTimer()
  const outcome = await unpackLayer(archive, LIMITS).catch((error: unknown) => error)
  expect(spent()).toBeLessThan(LONGEST)
  if (!(outcome instanceof Error)) {
    const files = outcome as PackageFiles
    for (const path of files.resources.keys()) expect(pathProblem(path)).toBeUndefined()
    expect([...files.executables].filter((path) => !files.resources.has(path))).toEqual([])
    expect(
      [...files.resources.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
    ).toBeLessThanOrEqual(LIMITS.maxBytes)
    const again = await unpackLayer(packLayer(files).layer.bytes, LIMITS)
    expect(plain(again)).toEqual(plain(files))
    return
  }
  expect(outcome).toBeInstanceOf(AppError)
  expect(['invalid_archive', 'too_large']).toContain((outcome as AppError).code)
}

function plain({ resources, executables }: PackageFiles): unknown[] {
  return [...resources].map(([path, bytes]) => [path, Buffer.from(bytes), executables.has(path)]).sort()
}

/** Corrects the checksums of all blocks that look like headers, so that their fields are read. */
function withChecksums(bytes: Buffer): Buffer {
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK)
    if (block.toString('latin1', 257, 262) !== 'ustar') continue
    block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  }
  return bytes
}

const base = fc.nat(archives.length - 1).map((at) => archives[at] ?? Buffer.alloc(0))

describe('unpacking', () => {
  it('survives random bytes', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), checkUnpacking), searching(300))
  })

  it('survives archives with broken gzip', async () => {
    const broken = fc.asyncProperty(base, mutations, (bytes, changes) =>
      checkUnpacking(mutated(gzipSync(bytes), changes)),
    )
    await fc.assert(broken, searching(300))
  })

  it('survives archives with a broken tar', async () => {
    const broken = fc.asyncProperty(base, mutations, fc.constantFrom(1, BLOCK), (bytes, changes, unit) =>
      checkUnpacking(gzipSync(mutated(bytes, changes, unit), { level: 1 })),
    )
    await fc.assert(broken, searching(500))
  })

  it('survives archives spliced from parts of others, with right checksums', async () => {
    const spliced = fc.asyncProperty(base, base, mutations, (first, second, changes) => {
      const middle = Math.floor(first.length / BLOCK / 2) * BLOCK
      const parts = Buffer.concat([first.subarray(0, middle), second])
      return checkUnpacking(gzipSync(withChecksums(mutated(parts, changes, BLOCK)), { level: 1 }))
    })
    await fc.assert(spliced, searching(500))
  })
})
