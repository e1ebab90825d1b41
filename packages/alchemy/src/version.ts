import packageJson from "../package.json" with { type: "json" }

/** The version of this package, and the name it is known by to servers. */
export const VERSION: string = packageJson.version
export const CLIENT_NAME = `alchemy-cli/${VERSION}`
