import packageJson from '../../package.json' with { type: 'json' }

/** What `npm start` tells Node. */
export const NODE_FLAGS =
  / node (.*)src\/main\.ts/.exec(packageJson.scripts.start)?.[1]?.split(' ').filter(Boolean) ?? []
