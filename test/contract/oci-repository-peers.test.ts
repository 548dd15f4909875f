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
  'lists the referrers of a manifest, all or of one type':
    'it has no referrers API, and the client does not fall back to the tag of referrers',
  'tags only what it has':
    'what is missing here are the bytes {}, which it has as a blob and answers 500 for as a manifest',
  'refuses references that are none': 'it does not know a repository without tags when asked for them',
}

const OF_DOCKER_REGISTRY: LeftOut = {
  ...OF_DISTRIBUTION,
  'moves a tag, and removes it without its manifest': 'it deletes no tags',
}

const OF_ZOT: LeftOut = {
  'keeps content in the repository that it was pushed to': 'it mounts a blob wherever it is asked for',
}

const OF_OLAREG: LeftOut = {
  'has no content that was not pushed': 'every repository exists, and has no tags',
  'lists the referrers of a manifest, all or of one type': 'where there are none, its list is null',
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

describeWith(DOCKER_REGISTRY, 'docker-registry 2.8', () => contractOf(dockerRegistry, OF_DOCKER_REGISTRY))
describeWith(DISTRIBUTION, 'distribution 3', () => contractOf(distribution, OF_DISTRIBUTION))
describeIfThere(ZOT, 'zot', () => contractOf(zot, OF_ZOT))
describeWith(OLAREG, 'olareg', () => contractOf(olareg, OF_OLAREG))
