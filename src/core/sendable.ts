/** A stream that can also be sent from memory which is used again, and need not wait for the collector of V8. */
export interface Sendable extends AsyncIterable<Uint8Array> {
  /** `write` is called with one chunk after the other, whose memory is used again when it resolves. */
  send(write: (chunk: Uint8Array) => Promise<void>): Promise<void>
}
