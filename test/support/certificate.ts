/** Minimal self-signed X.509 certificates, for programs that accept keys in no other form. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** DER: https://www.itu.int/rec/T-REC-X.690 */
const TAG = {
  integer: 0x02,
  bits: 0x03,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
}

const SHA256_WITH_RSA = '2a864886f70d01010b'
const COMMON_NAME = '550403'

export type Certified = { key: KeyObject; der: Buffer; pem: string }

/** Returns a new RSA key and its certificate, valid from 2020 to 2099. */
export function selfSigned(name: string): Certified {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  const key = createPrivateKey({ key: pair.privateKey, type: 'pkcs8', format: 'der' })
  const algorithm = sequence(oid(SHA256_WITH_RSA), der(TAG.null))
  const subject = sequence(der(TAG.set, sequence(oid(COMMON_NAME), der(TAG.utf8, Buffer.from(name)))))
  const validity = sequence(time('20200101000000Z'), time('20991231235959Z'))
  const serial = der(TAG.integer, Buffer.from([1]))
  // Without a version it is X.509 v1, which has no extensions.
  const signed = sequence(serial, algorithm, subject, validity, subject, pair.publicKey)
  const signature = der(TAG.bits, Buffer.from([0]), sign('sha256', signed, key))
  const certificate = sequence(signed, algorithm, signature)
  const lines = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return { key, der: certificate, pem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n` }
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const prefix = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...prefix]), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(TAG.sequence, ...parts)
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}

function time(text: string): Buffer {
  return der(TAG.time, Buffer.from(text))
}
