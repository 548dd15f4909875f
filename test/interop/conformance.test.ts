/** The OCI conformance suites, run on the registry: https://github.com/opencontainers/distribution-spec */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { startServer } from '../support/process.ts'
import { type Tool, tool } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { type Report, readJunit } from './junit.ts'
import { describeIfThere, describeWith } from './tool.ts'

const SOURCE = 'Build it from github.com/opencontainers/distribution-spec as its conformance/README.md says'

/** The suite from between 1.1.0-rc2 and rc3, which Go can build from its module alone. */
const OF_2023 = tool('oci-conformance-2023')

/** The suite of the current specification. */
const OF_1_1 = tool('oci-conformance-1.1', `${SOURCE}, at the tag v1.1.1.`)

/** The rewritten suite on the main branch, for the next specification. */
const NEW = tool('oci-conformance', `${SOURCE}, at the commit 967efdc.`)

const GINKGO = 'OCI Distribution Conformance Tests'

/** Tests that the older suites skip, and why. */
const SKIPPED_BY_GINKGO = [
  // For registries that accept no pushes.
  `${GINKGO} Pull Setup Get tag name from environment`,
  `${GINKGO} Content Discovery Setup Populate registry with test tags (no push)`,
  // For registries that do not mount blobs. This one does.
  `${GINKGO} Push Cross-Repository Blob Mount Cross-mounting of nonexistent blob should yield session id`,
  // For registries that search all repositories for a blob. The test for other registries is run.
  `${GINKGO} Push Cross-Repository Blob Mount Cross-mounting without from, and automatic content discovery enabled should return a 201`,
]

/** Mounting a blob without naming its repository is optional, and not supported. */
const ANONYMOUS_MOUNT = ['sha256', 'sha512'].map(
  (algorithm) => `OCI Conformance Test/${algorithm} blobs/mount anonymous/blob-mount-anonymous`,
)

/** Cancelling an upload is not in 1.1. */
const CANCEL = ['sha256', 'sha512'].map(
  (algorithm) => `OCI Conformance Test/${algorithm} blobs/post cancel/blob-post-cancel`,
)

/** Runs a suite against a new server. `env` returns the variables that tell the suite where the server is. */
async function reportOf(
  suite: Tool,
  env: (host: string, folder: string) => Record<string, string>,
): Promise<Report> {
  const server = await startServer(await temporaryFolder())
  const folder = await temporaryFolder()
  const { PATH = '' } = process.env
  const options = { cwd: folder, env: { PATH, ...env(server.url.host, folder) }, maxBuffer: 64 << 20 }
  try {
    await promisify(execFile)(suite.path, options)
  } catch {
    // It exits with an error if a test fails; the report has the details.
  }
  return readJunit(await readFile(join(folder, 'junit.xml'), 'utf8'))
}

function byGinkgo(suite: Tool): Promise<Report> {
  return reportOf(suite, (host, folder) => ({
    OCI_ROOT_URL: `http://${host}`,
    OCI_NAMESPACE: 'conformance/one',
    OCI_CROSSMOUNT_NAMESPACE: 'conformance/two',
    OCI_TEST_PULL: '1',
    OCI_TEST_PUSH: '1',
    OCI_TEST_CONTENT_DISCOVERY: '1',
    OCI_TEST_CONTENT_MANAGEMENT: '1',
    OCI_AUTOMATIC_CROSSMOUNT: '0',
    OCI_REPORT_DIR: folder,
  }))
}

function byNewSuite(version: string): Promise<Report> {
  return reportOf(NEW, (host, folder) => ({
    OCI_REGISTRY: host,
    OCI_TLS: 'disabled',
    OCI_REPO1: 'conformance/one',
    OCI_REPO2: 'conformance/two',
    OCI_VERSION: version,
    OCI_RESULTS_DIR: folder,
  }))
}

function expectConformance(report: Report, atLeast: number, skipped: string[]): void {
  expect(report.failed).toEqual([])
  expect(report.skipped.sort()).toEqual(skipped.sort())
  // Fewer would mean that the suite stopped early.
  expect(report.tests).toBeGreaterThanOrEqual(atLeast)
}

describeWith(OF_2023, 'the conformance suite of 2023', () => {
  it('passes for pull, push, content discovery and content management', async () => {
    expectConformance(await byGinkgo(OF_2023), 64, SKIPPED_BY_GINKGO)
  })
})

describeIfThere(OF_1_1, 'the conformance suite of specification 1.1', () => {
  it('passes for pull, push, content discovery and content management', async () => {
    expectConformance(await byGinkgo(OF_1_1), 80, SKIPPED_BY_GINKGO)
  })
})

describeIfThere(NEW, 'the conformance suite of the main branch', () => {
  it('passes for specification 1.1', async () => {
    expectConformance(await byNewSuite('1.1'), 858, [...ANONYMOUS_MOUNT, ...CANCEL])
  })

  it('passes for the next specification', async () => {
    expectConformance(await byNewSuite('dev'), 982, ANONYMOUS_MOUNT)
  })
})
