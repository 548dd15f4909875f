/** A stream that can also be sent from memory which is used again, and need not wait for the collector of V8. */
export interface Sendable extends AsyncIterable<Uint8Array> {
  /** `write` is called with one chunk after the other, whose memory is used again when it resolves. */
  send(write: (chunk: Uint8Array) => Promise<void>): Promise<void>
}

/** Begins to read the content whether or not the client is still there, so that what belongs to it can be tidied up. */
export function sendable(content: AsyncIterable<Uint8Array>): Sendable {
  return {
    [Symbol.asyncIterator]: () => content[Symbol.asyncIterator](),
    send: async (write) => {
      for await (const chunk of content) await write(chunk)
    },
  }
}
