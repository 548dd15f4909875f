# The dependencies of the server alone, as package-lock.json names them. Nothing is compiled: the one native module
# brings its binaries along, so no install script has to run.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/compiled \
    PKGSERVER_LISTEN=0.0.0.0:8080 \
    PKGSERVER_DATA=/data
RUN mkdir /data compiled && chown node:node /data compiled
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY migrations ./migrations
COPY src ./src
USER node
# What Node makes of the sources is kept when the server ends: the next one need not make it in memory.
RUN timeout 5 node src/main.ts serve --data /tmp/compiling > /dev/null; rm -r /tmp/compiling
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=4", "src/main.ts", "serve"]
