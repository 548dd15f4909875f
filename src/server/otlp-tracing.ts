/**
 * Sends traces to an OpenTelemetry collector, as JSON over HTTP. Loaded only if one is set, since the packages take
 * some MiB of memory.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout } from 'node:timers/promises'
import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import type { Tracing } from '../http/tracing.ts'
import type { Proxies } from '../oci/remote/connections.ts'
import { reported, reportWarnings } from './trace-reports.ts'

/** How long a stopping server waits for the collector. */
const CLOSE_TIMEOUT = 3000
const SERVICE = 'pkgserver'

const TRACEPARENT =
  /^[0-9a-f]{2}-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?:-|$)/

/** OTEL_RESOURCE_ATTRIBUTES, and above them OTEL_SERVICE_NAME. */
const FROM_ENVIRONMENT = [resourceAttributesEnvDetector, serviceNameEnvDetector]

/** `endpoint` is the collector's, to which `/v1/traces` is added. */
export function otlpTracing(endpoint: URL, version: string, log: Logger, proxies?: Proxies): Tracing {
  const url = new URL('v1/traces', withSlash(endpoint))
  // Without the password that a URL may have.
  const place = url.origin + url.pathname
  reportWarnings(place, log)
  const options = {
    url: url.href,
    ...(proxies && { httpAgentOptions: { keepAlive: true, proxyEnv: proxies } }),
  }
  const exporter = reported(new OTLPTraceExporter(options), place, log)
  const ours = resourceFromAttributes({ 'service.name': SERVICE, 'service.version': version })
  const provider = new TracerProvider({
    resource: ours.merge(detectResources({ detectors: FROM_ENVIRONMENT })),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer(SERVICE, version)
  const current = new AsyncLocalStorage<Context>()
  return {
    inSpan: async (name, work, { server = false, parent } = {}) => {
      const context = current.getStore() ?? remoteContext(parent)
      const kind = server ? SpanKind.SERVER : SpanKind.INTERNAL
      const span = tracer.startSpan(name, { kind }, context)
      const fail = () => void span.setStatus({ code: SpanStatusCode.ERROR })
      try {
        return await current.run(trace.setSpan(context, span), () =>
          work({
            rename: (other) => void span.updateName(other),
            set: (attributes) => void span.setAttributes(attributes),
            fail,
          }),
        )
      } catch (error) {
        fail()
        throw error
      } finally {
        span.end()
      }
    },
    record: (name, seconds, attributes) => {
      const end = Date.now()
      const startTime = end - seconds * 1000
      tracer.startSpan(name, { attributes, startTime }, current.getStore() ?? ROOT_CONTEXT).end(end)
    },
    close: async () => {
      const late = setTimeout(CLOSE_TIMEOUT, true, { ref: false })
      const sent = provider.shutdown().catch(() => undefined)
      if (await Promise.race([sent, late])) log.warn(`the last traces are lost: ${place} does not take them`)
    },
  }
}

/** An invalid header begins a trace of its own. */
function remoteContext(traceparent: string | undefined): Context {
  const { traceId, spanId, flags } = TRACEPARENT.exec(traceparent ?? '')?.groups ?? {}
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  const remote: SpanContext = { traceId, spanId, traceFlags, isRemote: true }
  return trace.setSpanContext(ROOT_CONTEXT, remote)
}

function withSlash(url: URL): URL {
  return url.pathname.endsWith('/') ? url : new URL(`${url.href}/`)
}
