import packageJson from '../../package.json' with { type: 'json' }

/** The Node flags of `npm start`. */
export const NODE_FLAGS =
  / node (.*)src\/main\.ts/.exec(packageJson.scripts.start)?.[1]?.split(' ').filter(Boolean) ?? []
