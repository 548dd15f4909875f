/** Files as JSON in parts: the text of a large package takes several times the memory of its files. */
import { isUtf8 } from 'node:buffer'
import type { Sendable } from '../../core/sendable.ts'
import type { PackageFiles } from '../../domain/package-files.ts'
import { hasBinary, toJsonContent } from './schemas/resources.ts'

/** A multiple of three, so that the parts of a file in base64 need no padding. */
const PART = 3 * 64 * 1024

/** `{"resources": {…}}` with the same content as `toJsonContent`. */
export class ResourcesJson implements Sendable {
  readonly #files: PackageFiles

  constructor(files: PackageFiles) {
    this.#files = files
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let text = '{"resources":{'
    let before = ''
    const { resources, executables } = this.#files
    for (const [path, bytes] of resources) {
      text += `${before}${JSON.stringify(path)}:`
      before = ','
      for (const part of contentOf(bytes, executables.has(path))) {
        text += part
        if (text.length < PART) continue
        yield Buffer.from(text)
        text = ''
      }
    }
    yield Buffer.from(`${text}}}`)
  }

  async send(write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    for await (const chunk of this) await write(chunk)
  }
}

function* contentOf(bytes: Uint8Array, executable: boolean): Generator<string> {
  const mode = executable ? ',"executable":true' : ''
  if (bytes.byteLength <= PART) yield JSON.stringify(toJsonContent(bytes, executable))
  else if (!isText(bytes)) {
    yield '{"base64":"'
    for (const part of parts(bytes)) yield part.toString('base64')
    yield `"${mode}}`
  } else if (executable) {
    yield '{"text":'
    yield* textOf(bytes)
    yield `${mode}}`
  } else yield* textOf(bytes)
}

function* textOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  yield '"'
  for (const part of parts(bytes)) yield JSON.stringify(decoder.decode(part, { stream: true })).slice(1, -1)
  yield '"'
}

/** The bytes of ASCII are nothing else in UTF-8, so control characters are found in bytes as in text. */
function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !parts(bytes).some((part) => hasBinary(part.toString('latin1')))
}

function parts({ buffer, byteOffset, byteLength }: Uint8Array): Buffer[] {
  const all = Buffer.from(buffer, byteOffset, byteLength)
  const count = Math.ceil(byteLength / PART)
  return Array.from({ length: count }, (_, at) => all.subarray(at * PART, (at + 1) * PART))
}
