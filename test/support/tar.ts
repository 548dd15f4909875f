/** Makes tar archives entry by entry, including ones that no tar program would write. */
import { gzipSync } from 'node:zlib'

export type TarEntry = {
  name?: string | Buffer
  /** One character; '0' is a file. */
  type?: string
  content?: string | Buffer
  /** Octal digits; by default 644. */
  mode?: string
  link?: string
  prefix?: string
  /** The size in the header, if it should be wrong. */
  size?: number | string
  magic?: string
  /** The checksum in the header, if it should be wrong. */
  checksum?: number
}

const END = Buffer.alloc(1024)

export function tar(entries: TarEntry[], end: Buffer = END): Buffer {
  return Buffer.concat([...entries.map(tarEntry), end])
}

export function tarGz(entries: TarEntry[], end?: Buffer): Buffer {
  return gzipSync(tar(entries, end))
}

export function tarEntry({
  name = '',
  type = '0',
  content = '',
  mode = '644',
  link = '',
  prefix = '',
  size,
  magic,
  checksum,
}: TarEntry): Buffer {
  const bytes = Buffer.from(content)
  const header = Buffer.alloc(512)
  Buffer.from(name).copy(header, 0, 0, 100)
  header.write(`${mode.padStart(7, '0')}\0`, 100, 'latin1')
  header.write('0001750\0', 108)
  header.write('0001750\0', 116)
  header.write(
    typeof size === 'string' ? size : `${(size ?? bytes.length).toString(8).padStart(11, '0')}\0`,
    124,
    'latin1',
  )
  header.write('14000000000\0', 136)
  header.write(type, 156, 'latin1')
  header.write(link, 157)
  header.write(magic ?? 'ustar\x0000', 257, 'latin1')
  header.write(prefix, 345)
  header.write('        ', 148)
  const sum = checksum ?? header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
}

/** Returns an extended header for the next entry, or for all following ones if the type is 'g'. */
export function pax(records: Record<string, string | Buffer>, type = 'x'): TarEntry {
  const content = Object.entries(records).map(([key, value]) => {
    const record = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
    let length = record.length + String(record.length).length
    length = record.length + String(length).length
    return Buffer.concat([Buffer.from(String(length)), record])
  })
  return { name: 'PaxHeader', type, content: Buffer.concat(content) }
}
