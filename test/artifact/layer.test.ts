import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packLayer, unpackLayer } from '../../src/artifact/layer.ts'
import { filesWhere, NO_FILES, type PackageFiles, plainFiles } from '../../src/domain/package-files.ts'
import { checkResources, pathProblem, type Resources } from '../../src/domain/resources.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { temporaryFolder } from '../support/temporary.ts'

const LARGE = Array.from({ length: 20_000 }, (_, i) => `key-${i}: ${(i * 2654435761) % 4294967296}\n`).join(
  '',
)

const LIMITS = { maxBytes: 64 * 1024 * 1024, maxFiles: 1000 }

const SAMPLE = new Map<string, Uint8Array>([
  ['b.yaml', Buffer.from('b: 1\n')],
  ['a/z.yaml', Buffer.from('z: 1\n')],
  ['a/b/c.txt', Buffer.from('')],
  ['a-b', Buffer.from([0, 255, 13, 10])],
  ['ä ö.txt', Buffer.from('\uFEFFtext\r\n')],
  [`${'long'.repeat(20)}/${'name'.repeat(20)}.yaml`, Buffer.from('x')],
])

const WITH_MODES: PackageFiles = {
  resources: SAMPLE,
  executables: new Set([...SAMPLE.keys()].filter((name) => /c\.txt|long/.test(name))),
}

const path = fc
  .array(fc.stringMatching(/^[-a-z0-9._ äß√😀]{1,12}$/u), { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'))
  .filter((text) => pathProblem(text) === undefined)
const resources = fc
  .array(fc.tuple(path, fc.uint8Array({ maxLength: 2000 })), { maxLength: 20 })
  .map((pairs) => new Map<string, Uint8Array>(pairs))
  .filter(isPossible)

function isPossible(files: Resources): boolean {
  try {
    checkResources(files, LIMITS)
    return true
  } catch {
    return false
  }
}

const plain = (files: Resources) =>
  [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]).sort()

const withModes = ({ resources: files, executables }: PackageFiles) =>
  plain(files).map(([name, content]) => [name, content, executables.has(name ?? '')])

const contentsOf = async (layer: Uint8Array) => (await unpackLayer(layer, LIMITS)).resources

describe('a packed layer', () => {
  it('keeps its bytes for ever, as a new digest would redeploy every package', () => {
    const files = new Map(SAMPLE).set('large.yaml', Buffer.from(LARGE))
    const { layer, config, diffId } = packLayer(plainFiles(files))
    expect(diffId).toBe('sha256:b8c4cf31a7bceaf2bc8a26c1c824470393598d0f3fb82a9615692a1040f1ef7d')
    expect(layer.descriptor).toEqual({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: 'sha256:fe7f3889c43459a848bc4b858376636bf560cbb7e5d18c31906ee035160101b8',
      size: layer.bytes.byteLength,
    })
    expect(JSON.parse(Buffer.from(config.bytes).toString())).toMatchObject({
      created: '1970-01-01T00:00:00Z',
      rootfs: { type: 'layers', diff_ids: [diffId] },
    })
    expect(digestOf(gunzipSync(layer.bytes))).toBe(diffId)
  })

  it('has a gzip header without a time or an operating system', () => {
    expect([...packLayer(plainFiles(SAMPLE)).layer.bytes.subarray(0, 10)]).toEqual([
      0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255,
    ])
  })

  it('is the same in any order of the files', () => {
    fc.assert(
      fc.property(resources, (files) => {
        const shuffled = new Map([...files].reverse())
        expect(packLayer(plainFiles(shuffled)).layer.descriptor).toEqual(
          packLayer(plainFiles(files)).layer.descriptor,
        )
      }),
    )
  })

  it('has another digest when any path, byte or mode differs', () => {
    const digest = packLayer(plainFiles(SAMPLE)).layer.descriptor.digest
    for (const [name, bytes] of SAMPLE) {
      const renamed = new Map([...SAMPLE].map(([p, b]) => [p === name ? `${p}x` : p, b]))
      expect(packLayer(plainFiles(renamed)).layer.descriptor.digest).not.toBe(digest)
      const changed = new Map(SAMPLE).set(name, Buffer.concat([bytes, Buffer.from('x')]))
      expect(packLayer(plainFiles(changed)).layer.descriptor.digest).not.toBe(digest)
      const executable = { resources: SAMPLE, executables: new Set([name]) }
      expect(packLayer(executable).layer.descriptor.digest).not.toBe(digest)
    }
  })

  it('gives back every file bit for bit, with its mode', async () => {
    await fc.assert(
      fc.asyncProperty(resources, fc.func(fc.boolean()), async (files, chosen) => {
        const executables = new Set([...files.keys()].filter((name) => chosen(name)))
        const unpacked = await unpackLayer(packLayer({ resources: files, executables }).layer.bytes, LIMITS)
        expect(plain(unpacked.resources)).toEqual(plain(files))
        expect(unpacked.executables).toEqual(executables)
      }),
    )
  })

  it('can hold a file of 8 MiB, or no file at all', async () => {
    const large = new Map([['large.bin', Buffer.alloc(8 * 1024 * 1024, 'pkgserver')]])
    expect(plain(await contentsOf(packLayer(plainFiles(large)).layer.bytes))).toEqual(plain(large))
    expect((await contentsOf(packLayer(NO_FILES).layer.bytes)).size).toBe(0)
  })

  it('has files of mode 644 or 755 behind directories of mode 755, without owners or times', async () => {
    const folder = await temporaryFolder()
    writeFileSync(join(folder, 'layer.tgz'), packLayer(WITH_MODES).layer.bytes)
    const listing = execFileSync(
      'tar',
      ['-tvzf', 'layer.tgz', '--numeric-owner', '--utc', '--quoting-style=literal'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    )
    const lines = listing
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' '))
    expect(lines).toEqual([
      '-rw-r--r-- 0/0 4 1970-01-01 00:00 a-b',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 a/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 a/b/',
      '-rwxr-xr-x 0/0 0 1970-01-01 00:00 a/b/c.txt',
      '-rw-r--r-- 0/0 5 1970-01-01 00:00 a/z.yaml',
      '-rw-r--r-- 0/0 5 1970-01-01 00:00 b.yaml',
      `drwxr-xr-x 0/0 0 1970-01-01 00:00 ${'long'.repeat(20)}/`,
      `-rwxr-xr-x 0/0 1 1970-01-01 00:00 ${'long'.repeat(20)}/${'name'.repeat(20)}.yaml`,
      '-rw-r--r-- 0/0 9 1970-01-01 00:00 ä ö.txt',
    ])
  })

  it('is read by GNU tar, whose archives can be unpacked, too', async () => {
    const folder = await temporaryFolder()
    const unpacked = join(folder, 'unpacked')
    mkdirSync(unpacked)
    writeFileSync(join(folder, 'layer.tgz'), packLayer(WITH_MODES).layer.bytes)
    execFileSync('tar', ['-xzf', '../layer.tgz'], { cwd: unpacked })
    expect(withModes(readFolder(unpacked))).toEqual(withModes(WITH_MODES))
    for (const format of ['gnu', 'pax', 'ustar', 'v7']) {
      const options = format === 'v7' || format === 'ustar' ? ['--exclude=long*'] : []
      const archive = execFileSync('tar', ['-cf', '-', `--format=${format}`, ...options, '.'], {
        cwd: unpacked,
      })
      const expected = filesWhere(WITH_MODES, (name) => options.length === 0 || !name.startsWith('long'))
      expect(withModes(await unpackLayer(gzipSync(archive), LIMITS)), format).toEqual(withModes(expected))
    }
  })
})

describe('unpacking', () => {
  it('either takes or refuses a mutated archive', async () => {
    const tar = gunzipSync(packLayer(plainFiles(SAMPLE)).layer.bytes)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const mutated = Buffer.from(tar)
          for (const [at, byte] of changes) mutated[at] = byte
          const outcome = await contentsOf(gzipSync(mutated, { level: 1 })).catch((error) => error)
          if (outcome instanceof Map) {
            for (const name of outcome.keys()) expect(pathProblem(name)).toBeUndefined()
          } else {
            expect(['invalid_archive', 'too_large']).toContain(outcome.code)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('refuses random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        const raw = await unpackLayer(bytes, LIMITS).catch((error) => error.code)
        expect(raw).toBe('invalid_archive')
        const zipped = await unpackLayer(gzipSync(bytes), LIMITS).catch((error) => error.code)
        expect(bytes.some((byte) => byte !== 0) ? zipped : 'invalid_archive').toBe('invalid_archive')
      }),
      { numRuns: 200 },
    )
  })
})

function readFolder(folder: string): PackageFiles {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  )
  return {
    resources: new Map(names.map((name) => [name, readFileSync(join(folder, name))])),
    executables: new Set(names.filter((name) => (statSync(join(folder, name)).mode & 0o100) !== 0)),
  }
}
