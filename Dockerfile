# Only the dependencies of the server, as locked in package-lock.json. No install script needs to run, because the one
# native module includes its binaries.
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
# Fills the compile cache, which Node writes when the server stops: later starts then need less memory.
RUN timeout 5 node src/main.ts serve --data /tmp/compiling > /dev/null; rm -rf /tmp/compiling
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "src/main.ts", "ready"]
CMD ["node", "--max-semi-space-size=4", "src/main.ts", "serve"]
