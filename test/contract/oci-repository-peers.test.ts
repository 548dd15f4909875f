/**
 * The client over HTTP, against the registries of others. What they do otherwise is left out here by the names of the
 * cases; a case that passes is to be taken out of the list.
 */
import { beforeEach, onTestFinished } from 'vitest'
import { RemoteRegistry } from '../../src/oci/remote/remote-registry.ts'
import { describeIfThere, describeWith } from '../interop/tool.ts'
import { DISTRIBUTION, DOCKER_REGISTRY, distribution, dockerRegistry } from '../support/peers/distribution.ts'
import { OLAREG, olareg } from '../support/peers/olareg.ts'
import type { RegistryPeer } from '../support/peers/registry-peer.ts'
import { ZOT, zot } from '../support/peers/zot.ts'
import { ociRepositorySuite } from './oci-repository-suite.ts'

/** The name of a case, and why it is left out. */
type LeftOut = Record<string, string>

const OF_DISTRIBUTION: LeftOut = {
  'refuses references that are none': 'it does not know a repository without tags when asked for them',
  'tags only what it has':
    'what is missing here are the bytes {}, which it has as a blob and answers 500 for as a manifest',
}

const OF_ZOT: LeftOut = {
  'mounts a blob of another repository, and nothing that is not there':
    'it mounts a blob wherever it is said to come from',
  'keeps content in the repository that it was pushed to': 'it mounts a blob wherever it is asked for',
}

const OF_OLAREG: LeftOut = {
  'mounts a blob of another repository, and nothing that is not there':
    'it mounts a blob wherever it is said to come from',
  'has no content that was not pushed': 'every repository exists, and has no tags',
}

function contractOf(start: () => Promise<RegistryPeer>, leftOut: LeftOut): void {
  beforeEach(({ task, skip }) => {
    const reason = leftOut[task.name]
    if (reason) skip(reason)
  })
  ociRepositorySuite('over HTTP', async () => {
    // One for each test, as all use the same names.
    const peer = await start()
    onTestFinished(peer.stop)
    return new RemoteRegistry(peer.url)
  })
}

describeWith(DOCKER_REGISTRY, 'docker-registry 2.8', () => contractOf(dockerRegistry, OF_DISTRIBUTION))
describeWith(DISTRIBUTION, 'distribution 3', () => contractOf(distribution, OF_DISTRIBUTION))
describeIfThere(ZOT, 'zot', () => contractOf(zot, OF_ZOT))
describeWith(OLAREG, 'olareg', () => contractOf(olareg, OF_OLAREG))
