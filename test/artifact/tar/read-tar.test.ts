import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { unpackLayer, unpackUpload } from '../../../src/artifact/layer.ts'
import { AppError } from '../../../src/core/errors.ts'
import { cpuTimer } from '../../support/cpu-time.ts'
import { pax, type TarEntry, tar, tarEntry, tarGz } from '../../support/tar.ts'

const LIMITS = { maxBytes: 1024 * 1024, maxFiles: 100 }

async function unpack(archive: Uint8Array): Promise<Record<string, string>> {
  const { resources } = await unpackLayer(archive, LIMITS)
  return Object.fromEntries([...resources].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]))
}

async function refusal(archive: Uint8Array): Promise<AppError> {
  return unpackLayer(archive, LIMITS).then(
    ({ resources }) => {
      throw new Error(`taken: ${[...resources.keys()]}`)
    },
    (error) => {
      expect(error).toBeInstanceOf(AppError)
      return error
    },
  )
}

/** Not UTF-8, and with the bytes that end records and keys. */
const BYTES = Buffer.from([0, 0xff, 0x0a, 0xfe, 0x3d, 0x20, 0x0a])

const LONG = `${'d'.repeat(80)}/${'f'.repeat(120)}.yaml`

/** An extended header with the same key twice, which an object cannot express. */
function pax2(...records: string[]): TarEntry {
  return {
    name: 'PaxHeader',
    type: 'x',
    content: Buffer.from(records.map((record) => `${record.length + 4} ${record}\n`).join(''), 'latin1'),
  }
}

describe('unpacking an archive of a tar program', () => {
  it.each<[string, TarEntry[], Record<string, string>]>([
    [
      'files and directories',
      [
        { name: 'd/', type: '5' },
        { name: 'd/a', content: 'x' },
      ],
      { 'd/a': 'x' },
    ],
    [
      'a leading "./"',
      [
        { name: './', type: '5' },
        { name: './a', content: 'x' },
      ],
      { a: 'x' },
    ],
    ['the old type of files', [{ name: 'a', type: '\0', content: 'x' }], { a: 'x' }],
    [
      'an old directory: a file with "/" at its end',
      [{ name: 'd/', type: '0' }, { name: 'd/a' }],
      { 'd/a': '' },
    ],
    [
      'the folder that was packed, as an old directory',
      [
        { name: './', type: '\0', magic: '\0\0\0\0\0\0\0\0' },
        { name: './a', type: '\0' },
      ],
      { a: '' },
    ],
    ['contiguous files', [{ name: 'a', type: '7', content: 'x' }], { a: 'x' }],
    ['a ustar prefix', [{ name: 'a', prefix: 'long/dir', content: 'x' }], { 'long/dir/a': 'x' }],
    [
      'a GNU archive, whose prefix field is something else',
      [{ name: 'a', magic: 'ustar  \0', prefix: 'no' }],
      { a: '' },
    ],
    ['an archive from before POSIX', [{ name: 'a', magic: '\0\0\0\0\0\0\0\0', content: 'x' }], { a: 'x' }],
    ['a pax name', [pax({ path: LONG, mtime: '1.5' }), { name: 'short', content: 'x' }], { [LONG]: 'x' }],
    ['a pax size that says the same', [pax({ size: '1' }), { name: 'a', content: 'x' }], { a: 'x' }],
    [
      'extended attributes, whose bytes may be any',
      [
        pax({
          'SCHILY.xattr.com.apple.quarantine': BYTES,
          'LIBARCHIVE.xattr.a': 'AP8',
          mtime: '1.5',
          path: 'b',
        }),
        { name: 'a', content: 'x' },
      ],
      { b: 'x' },
    ],
    [
      'keys of any bytes, one of them twice',
      [pax2('SCHILY.\xe9\0=1', 'SCHILY.xattr.a=1', 'SCHILY.xattr.a=2'), { name: 'a' }],
      { a: '' },
    ],
    [
      'attributes for all entries, and the label of a volume',
      [pax({ 'SCHILY.xattr.a': BYTES, 'GNU.volume.label': 'x' }, 'g'), { name: 'a' }],
      { a: '' },
    ],
    [
      'many attributes',
      [pax({ 'SCHILY.xattr.com.apple.ResourceFork': Buffer.alloc(1_000_000, 0xff) }), { name: 'a' }],
      { a: '' },
    ],
    [
      'a name in UTF-8 that bsdtar declares as binary',
      [pax({ hdrcharset: 'BINARY', path: 'ü', uname: Buffer.from([0xff]) }), { name: 'a' }],
      { ü: '' },
    ],
    [
      'a GNU long name',
      [
        { type: 'L', content: `${LONG}\0` },
        { name: 'short', content: 'x' },
      ],
      { [LONG]: 'x' },
    ],
    [
      'a long name that is nearly all "./"',
      [
        { type: 'L', content: `${'./'.repeat(500_000)}a\0` },
        { name: 'c', content: 'x' },
      ],
      { a: 'x' },
    ],
    ['names that are not ASCII', [{ name: 'ä ö/ü.yaml', content: 'x' }], { 'ä ö/ü.yaml': 'x' }],
    [
      'the global comment of git archive',
      [pax({ comment: 'c0ffee' }, 'g'), { name: 'a', content: 'x' }],
      { a: 'x' },
    ],
    [
      'a directory twice',
      [{ name: 'd/', type: '5' }, { name: 'd/', type: '5' }, { name: 'd/a' }],
      { 'd/a': '' },
    ],
    ['no file at all', [{ name: 'd/', type: '5' }], {}],
  ])('takes %s', async (_, entries, files) => {
    expect(await unpack(tarGz(entries))).toEqual(files)
  })

  it('takes an end that is padded as by GNU tar, or is a single zero block', async () => {
    expect(await unpack(tarGz([{ name: 'a' }], Buffer.alloc(10240)))).toEqual({ a: '' })
    expect(await unpack(tarGz([{ name: 'a' }], Buffer.alloc(512)))).toEqual({ a: '' })
  })

  it.each(['755', '700', '0100755 ', '104755', '744', '777'])(
    'sees that mode %s is executable',
    async (mode) => {
      const archive = tarGz([{ name: 'd/', type: '5', mode }, { name: 'd/a', mode }, { name: 'b' }])
      expect((await unpackLayer(archive, LIMITS)).executables).toEqual(new Set(['d/a']))
    },
  )

  it.each(['644', '600', '100644', '611', '2666', 'x', '\x80\0\0\0\0\x01\xed', ''])(
    'sees that mode %j is not executable',
    async (mode) => {
      const files = await unpackLayer(tarGz([{ name: 'a', content: 'x', mode }]), LIMITS)
      expect(files.executables).toEqual(new Set())
      expect([...files.resources.keys()]).toEqual(['a'])
    },
  )

  it('leaves out what macOS adds to an upload, but not what a layer has', async () => {
    const added = ['._.', '._a.yaml', 'd/._b.yaml', '.DS_Store', 'd/.DS_Store']
    const kept = ['a.yaml', '.x', 'd/a._b', 'd/x.DS_Store', '._d/a', '_._']
    const archive = tarGz([...added, ...kept].map((name) => ({ name: `./${name}`, content: 'x' })))
    const { resources, leftOut } = await unpackUpload({ archive }, LIMITS)
    expect([[...resources.keys()], leftOut]).toEqual([kept, added])
    expect((await unpackLayer(archive, LIMITS)).resources.size).toBe(added.length + kept.length)
  })

  it('does not count what it leaves out as files', async () => {
    const entries = Array.from({ length: LIMITS.maxFiles }, (_, i) => [`._f${i}`, `f${i}`]).flat()
    const { resources } = await unpackUpload({ archive: tarGz(entries.map((name) => ({ name }))) }, LIMITS)
    expect(resources.size).toBe(LIMITS.maxFiles)
    const escaping = tarGz([{ name: '../._a' }])
    await expect(unpackUpload({ archive: escaping }, LIMITS)).rejects.toThrow('leave the package')
  })

  it('takes gzip in several members', async () => {
    const whole = tar([{ name: 'a', content: 'x' }])
    expect(
      await unpack(Buffer.concat([gzipSync(whole.subarray(0, 700)), gzipSync(whole.subarray(700))])),
    ).toEqual({ a: 'x' })
  })
})

describe('unpacking a hostile archive', () => {
  it.each<[string, TarEntry[], RegExp, string?]>([
    ['a path that escapes', [{ name: '../a' }], /"..\/a".*leave/, '../a'],
    ['a path that escapes in the middle', [{ name: 'a/../../b' }], /leave/, 'a/../../b'],
    ['a directory that escapes', [{ name: '../d/', type: '5' }], /leave/, '../d/'],
    ['an absolute path', [{ name: '/etc/passwd' }], /absolute/, '/etc/passwd'],
    ['an absolute path after "./"', [{ name: './/etc/passwd' }, { name: '/a' }], /absolute/, '/a'],
    ['a backslash', [{ name: 'a\\b' }], /backslash/, 'a\\b'],
    [
      'a symbolic link',
      [{ name: 'a', type: '2', link: '/etc/passwd' }],
      /"a" is a symbolic link.* --dereference/,
      'a',
    ],
    ['a hard link', [{ name: 'a', type: '1', link: 'b' }], /a hard link.* --hard-dereference/, 'a'],
    ['a character device', [{ name: 'a', type: '3' }], /a character device/, 'a'],
    ['a block device', [{ name: 'a', type: '4' }], /a block device/, 'a'],
    ['a pipe', [{ name: 'a', type: '6' }], /a named pipe/, 'a'],
    ['a GNU sparse file', [{ name: 'a', type: 'S' }], /a sparse file.* without --sparse/, 'a'],
    ['the label of GNU tar', [{ name: 'a', type: 'V' }], /the label.* without --label/, 'a'],
    ['an incremental backup', [{ name: 'a/', type: 'D' }], /without --listed-incremental/, 'a/'],
    ['an unknown type', [{ name: 'a', type: 'Z' }], /unknown type "Z"/, 'a'],
    ['a name twice', [{ name: 'a' }, { name: 'a' }], /"a" is there twice/, 'a'],
    ['a name twice, once with "./"', [{ name: 'a' }, { name: './a' }], /"a" is there twice/, 'a'],
    ['a whiteout', [{ name: 'd/.wh.a' }], /\.wh\./, 'd/.wh.a'],
    ['an opaque whiteout directory', [{ name: '.wh..wh..opq/', type: '5' }], /\.wh\./, '.wh..wh..opq/'],
    ['a file that is a directory too', [{ name: 'a' }, { name: 'a/b' }], /"a" is both/, 'a'],
    ['a directory entry for a file', [{ name: 'a' }, { name: 'a/', type: '5' }], /"a" is both/, 'a'],
    ['an empty name', [{ name: '' }], /the path is empty/, ''],
    ['a control character', [{ name: 'a\nb' }], /control character/, 'a\nb'],
    ['a name that is not UTF-8', [{ name: Buffer.from([0x61, 0xff]) }], /not UTF-8/, 'a\u00ff'],
    ['a pax name that escapes', [pax({ path: '../a' }), { name: 'fine' }], /leave/, '../a'],
    ['a NUL in a pax name', [pax({ path: 'a\0b' }), { name: 'fine' }], /control character/, 'a\0b'],
    ['a global pax name', [pax({ path: 'x' }, 'g'), { name: 'a' }], /global header sets "path"/],
    ['a global pax size', [pax({ size: '9' }, 'g'), { name: 'a' }], /global header sets "size"/],
    [
      'a pax size that says something else',
      [pax({ size: '99' }), { name: 'a', content: 'x' }],
      /two different sizes/,
    ],
    ['a sparse file of star', [pax({ 'SCHILY.realsize': '9' }), { name: 'a' }], /sparse/],
    ['a sparse file of Solaris', [pax({ 'SUN.holesdata': ' 0 9' }, 'g'), { name: 'a' }], /sets "SUN/],
    ['a pax sparse file', [pax({ 'GNU.sparse.name': 'b' }), { name: 'a' }], /"b" is a sparse file/, 'b'],
    [
      'a pax name in another charset',
      [pax({ hdrcharset: 'ISO-IR 8859 1 1998', path: 'a' }), { name: 'a' }],
      /not UTF-8/,
      'a',
    ],
    [
      'two names for one entry',
      [pax({ path: 'a' }), { type: 'L', content: 'b\0' }, { name: 'c' }],
      /second name: "b"/,
      'a',
    ],
    [
      'two long names for one entry',
      [{ type: 'L', content: 'a\0' }, { type: 'L', content: 'b\0' }, { name: 'c' }],
      /two long names/,
    ],
    ['a directory with content', [{ name: 'a/', type: '5', content: 'x' }], /directory with content/, 'a/'],
    ['an old directory with content', [{ name: 'a/', content: 'x' }], /directory with content/, 'a/'],
    ['a size in other digits', [pax({ size: '0x1' }), { name: 'a', content: 'x' }], /two different sizes/],
    ['two pax headers', [pax({ path: 'a' }), pax({ mtime: '1' }), { name: 'c' }], /two extended headers/],
    ['two names in one pax header', [pax2('path=a', 'path=b'), { name: 'c' }], /malformed/],
    [
      'a pax header that is too large',
      [pax({ comment: 'x'.repeat(1024 * 1024) }), { name: 'c' }],
      /too large/,
    ],
    [
      'a long name that is too large',
      [{ type: 'L', content: `${'./'.repeat(600_000)}a\0` }, { name: 'c' }],
      /too large/,
    ],
    ['a pax name that is not UTF-8', [pax({ path: BYTES }), { name: 'c' }], /"path" is not UTF-8/],
    ['a pax header that is too short', [{ type: 'x', content: '99 path=a\n' }, { name: 'a' }], /malformed/],
    ['a pax header without length', [{ type: 'x', content: 'path=a\n' }, { name: 'a' }], /malformed/],
    ['a pax header of length zero', [{ type: 'x', content: '0 path=a\n' }, { name: 'a' }], /malformed/],
    ['a pax header for nothing', [{ name: 'a' }, pax({ path: 'b' })], /ends after an extension header/],
    ['a wrong checksum', [{ name: 'a', checksum: 1 }], /no header at byte 0/],
    ['another magic', [{ name: 'a', magic: 'USTAR\x0000' }], /no header at byte 0/],
    ['a size in base 256', [{ name: 'a', size: `\x80${'\0'.repeat(10)}\x01` }], /no readable size/, 'a'],
    ['a negative size', [{ name: 'a', size: '-0000000001\0' }], /no readable size/, 'a'],
    ['a size beyond the end', [{ name: 'a', size: 5000 }], /"a": the archive is truncated/],
  ])('refuses %s', async (_, entries, message, path) => {
    const error = await refusal(tarGz(entries))
    expect(error.code).toBe('invalid_archive')
    expect(error.message).toMatch(message)
    if (path !== undefined) expect(error.details).toMatchObject([{ path }])
  })

  it('refuses data behind the end', async () => {
    const hidden = Buffer.concat([Buffer.alloc(1024), tarEntry({ name: 'hidden', content: 'x' })])
    expect((await refusal(tarGz([{ name: 'a' }], hidden))).message).toMatch(/behind the end/)
  })

  it('refuses an archive that is truncated, at any byte', async () => {
    const archive = tarGz([
      { name: 'd/', type: '5' },
      { name: 'd/a', content: 'some text' },
    ])
    for (let length = 0; length < archive.length; length++) {
      expect((await refusal(archive.subarray(0, length))).code, `after ${length} bytes`).toBe(
        'invalid_archive',
      )
    }
    const plain = tar([{ name: 'a', content: 'x'.repeat(600) }])
    for (const length of [0, 100, 512, 1000, 1024, 1536]) {
      expect((await refusal(gzipSync(plain.subarray(0, length)))).code, `after ${length} bytes`).toBe(
        'invalid_archive',
      )
    }
  })

  it('refuses content that is not gzip, or not a tar', async () => {
    expect((await refusal(tar([{ name: 'a' }]))).message).toMatch(/not a complete gzip file.* tar -cz/)
    expect((await refusal(Buffer.from('hello'))).message).toMatch(/not a complete gzip file/)
    expect((await refusal(gzipSync(Buffer.alloc(2000, 'hello ')))).message).toMatch(/not a tar/)
    expect((await refusal(new Uint8Array(0))).code).toBe('invalid_archive')
  })

  it('stops reading a bomb at the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024), { level: 9 })
    expect(bomb.length).toBeLessThan(LIMITS.maxBytes)
    const before = process.memoryUsage().arrayBuffers
    expect((await refusal(bomb)).code).toBe('too_large')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024)
  })

  it('takes time in proportion to the size of the archive', async () => {
    const spent = cpuTimer()
    await refusal(tarGz(Array.from({ length: 5000 }, (_, i) => pax({ [`key${i}`]: 'x'.repeat(1000) }))))
    await refusal(gzipSync(tar([{ name: 'a' }], Buffer.alloc(60 * 1024 * 1024))))
    await unpackLayer(gzipSync(tar([{ name: 'a' }], Buffer.alloc(60 * 1024 * 1024))), {
      maxBytes: 64 * 1024 * 1024,
      maxFiles: 10,
    })
    expect(spent()).toBeLessThan(10_000)
  })

  it('refuses too many directories, named or implied', async () => {
    const entries = Array.from({ length: 101 }, (_, i) => ({ name: `d${i}/`, type: '5' }))
    expect(await refusal(tarGz(entries))).toMatchObject({
      code: 'too_large',
      message: expect.stringMatching(/100 directories/),
    })
    const deep = Array.from({ length: 4 }, (_, i) => ({ name: `${`d${i}/`.repeat(32)}f` }))
    expect(await refusal(tarGz(deep))).toMatchObject({ code: 'too_large' })
  })

  it('refuses too many files, or too large ones', async () => {
    const headers = Array.from({ length: 801 }, () => ({ name: './', type: '5' }))
    expect(await refusal(tarGz(headers))).toMatchObject({ code: 'too_large' })
    const many = Array.from({ length: 101 }, (_, i) => ({ name: `f${i}` }))
    expect(await refusal(tarGz(many))).toMatchObject({
      code: 'too_large',
      message: expect.stringMatching(/100 files/),
    })
    const large = Buffer.alloc(LIMITS.maxBytes + 1)
    expect(await refusal(tarGz([{ name: 'a', content: large }]))).toMatchObject({ code: 'too_large' })
    expect(await unpack(tarGz([{ name: 'a', content: large.subarray(1) }]))).toHaveProperty('a')
  })
})
