/** A bucket that keeps what S3 promises, and one that does not. */
import { describe, expect, it } from 'vitest'
import { FAKE_CREDENTIALS } from '../support/s3/fake-s3.ts'
import { fakeS3 } from '../support/s3/store.ts'
import { sizeOf } from '../support/sizes.ts'
import { type SharedBucket, sharedBucketSuite, startTwo } from './shared-bucket-suite.ts'

const moves = sizeOf('MOVES', 100)

function bucketOf({ url }: Awaited<ReturnType<typeof fakeS3>>): SharedBucket {
  return { endpoint: url, bucket: 'bucket', credentials: FAKE_CREDENTIALS }
}

describe('two servers on one bucket', () => {
  sharedBucketSuite(async () => bucketOf(await fakeS3()), { moves, atomic: true })

  it('warns of lost moves where S3 compares and writes in two steps', async () => {
    const fake = await fakeS3()
    fake.failWith(({ key }) => {
      // The outcome of the race that the server looks for at its start.
      if (/-\d$/.test(key)) fake.bucket.objects.delete(key)
      return undefined
    })
    const { servers, stop } = await startTwo(bucketOf(fake))
    for (const { client, log } of servers) {
      await client.tags('tools/notes')
      await expect
        .poll(log)
        .toMatch(/compares first and writes later.*one of the two is lost.*one process alone/)
    }
    await stop()
  })
})
