/** Two servers on a bucket of a third-party S3 server. */
import { afterAll, beforeAll } from 'vitest'
import { sharedBucketSuite } from '../e2e/shared-bucket-suite.ts'
import { MOTO, moto, type S3Peer, VERSITYGW, versitygw, withBucket } from '../support/peers/s3-servers.ts'
import { sizeOf } from '../support/sizes.ts'
import { describeWith } from './tool.ts'

const moves = sizeOf('MOVES', 100)

function on(start: () => Promise<S3Peer>, atomic: boolean): void {
  let peer: S3Peer
  beforeAll(async () => {
    peer = await withBucket(start)
  })
  afterAll(() => peer.stop())
  const bucket = async () => ({ endpoint: peer.url, bucket: 'packages', credentials: peer.credentials })
  sharedBucketSuite(bucket, { moves, atomic })
}

describeWith(MOTO, 'two servers on one bucket of moto', () => on(moto, true))
describeWith(VERSITYGW, 'two servers on one bucket of versitygw', () => on(versitygw, false))
