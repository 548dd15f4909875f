import type { Config } from '../config.ts'
import type { Proxies } from '../oci/remote/connections.ts'

/** A proxy would reach itself under these names. */
const THIS_MACHINE = 'localhost,127.0.0.1-127.255.255.255,::1'

/** The proxies that the settings name; undefined for none. */
export function proxiesOf({
  httpProxy,
  httpsProxy,
  noProxy,
}: Pick<Config, 'httpProxy' | 'httpsProxy' | 'noProxy'>): Proxies | undefined {
  if (httpProxy === undefined && httpsProxy === undefined) return undefined
  return {
    ...(httpProxy !== undefined && { HTTP_PROXY: httpProxy }),
    ...(httpsProxy !== undefined && { HTTPS_PROXY: httpsProxy }),
    NO_PROXY: [THIS_MACHINE, noProxy].filter(Boolean).join(','),
  }
}
