/** On a bucket that keeps what S3 promises. */
import { describe } from 'vitest'
import { FAKE_CREDENTIALS } from '../support/s3/fake-s3.ts'
import { fakeS3 } from '../support/s3/store.ts'
import { sharedBucketSuite } from './shared-bucket-suite.ts'

const moves = Number(process.env.PKGSERVER_TEST_MOVES ?? 100)

describe('two servers on one bucket', () => {
  const start = async () => ({
    endpoint: (await fakeS3()).url,
    bucket: 'bucket',
    credentials: FAKE_CREDENTIALS,
  })
  sharedBucketSuite(start, { moves, atomic: true })
})
