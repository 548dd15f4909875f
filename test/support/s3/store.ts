import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { S3Options } from '../../../src/registry/store/s3/s3-options.ts'
import { S3Store } from '../../../src/registry/store/s3/s3-store.ts'
import { temporaryFolder } from '../temporary.ts'
import { FAKE_CREDENTIALS, FakeS3 } from './fake-s3.ts'

/** Starts a fake S3 server, which is closed after the test. */
export async function fakeS3(...honours: Parameters<typeof FakeS3.start>): Promise<FakeS3> {
  const fake = await FakeS3.start(...honours)
  onTestFinished(() => fake.close())
  return fake
}

/** Opens a store in the bucket "bucket" of a server, below a new prefix. It is closed after the test. */
export async function s3StoreOn(
  endpoint: URL,
  credentials: { accessKeyId: string; secretAccessKey: string } = FAKE_CREDENTIALS,
  options: Partial<S3Options> = {},
): Promise<S3Store> {
  const store = await S3Store.open({
    endpoint,
    credentials,
    region: 'us-east-1',
    bucket: 'bucket',
    prefix: randomUUID(),
    spool: await temporaryFolder(),
    ...options,
  })
  onTestFinished(() => store.close())
  return store
}
