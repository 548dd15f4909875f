/**
 * Runs the contract over HTTP against other registries. Cases in which a registry deviates are skipped by their titles,
 * with the reason; remove a case once it passes.
 */
import { beforeEach, onTestFinished } from 'vitest'
import { RemoteRegistry } from '../../src/oci/remote/remote-registry.ts'
import { describeIfThere, describeWith } from '../interop/tool.ts'
import { DISTRIBUTION, DOCKER_REGISTRY, distribution, dockerRegistry } from '../support/peers/distribution.ts'
import { OLAREG, olareg } from '../support/peers/olareg.ts'
import type { RegistryPeer } from '../support/peers/registry-peer.ts'
import { ZOT, zot } from '../support/peers/zot.ts'
import { ociRepositorySuite } from './oci-repository-suite.ts'

/** The reasons by the titles of the skipped cases. */
type Skipped = Record<string, string>

const DISTRIBUTION_SKIPS: Skipped = {
  'rejects malformed references': 'it reports a repository without tags as unknown',
  'tags only existing manifests':
    'it has the bytes {} as a blob, and returns 500 when they are requested as a manifest',
}

const ZOT_SKIPS: Skipped = {
  'mounts an existing blob of another repository, and nothing else':
    'it ignores the repository that a blob is mounted from',
  'keeps content within the repository that it was pushed to':
    'it mounts a blob into every repository that is asked for it',
}

const OLAREG_SKIPS: Skipped = {
  'mounts an existing blob of another repository, and nothing else':
    'it ignores the repository that a blob is mounted from',
  'has no content before it is pushed': 'every repository exists, without tags',
}

function contractOf(start: () => Promise<RegistryPeer>, skipped: Skipped): void {
  beforeEach(({ task, skip }) => {
    const reason = skipped[task.name]
    if (reason) skip(reason)
  })
  ociRepositorySuite('over HTTP', async () => {
    // One registry per test, as all tests use the same repository names.
    const peer = await start()
    onTestFinished(peer.stop)
    return new RemoteRegistry(peer.url)
  })
}

describeWith(DOCKER_REGISTRY, 'docker-registry 2.8', () => contractOf(dockerRegistry, DISTRIBUTION_SKIPS))
describeWith(DISTRIBUTION, 'distribution 3', () => contractOf(distribution, DISTRIBUTION_SKIPS))
describeIfThere(ZOT, 'zot', () => contractOf(zot, ZOT_SKIPS))
describeWith(OLAREG, 'olareg', () => contractOf(olareg, OLAREG_SKIPS))
