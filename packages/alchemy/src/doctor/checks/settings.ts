import { resolveSettings } from "../../config/settings.ts"
import { type Check, NotLookedAt } from "../check.ts"

/** Which servers commands speak to. */
export const settings: Check = {
  id: "settings",
  title: "servers",
  look: async ({ context, config }) => {
    const values = await config()
      .then((file) => file.values())
      .catch((error: unknown) => {
        if (error instanceof NotLookedAt) return {}
        throw error
      })
    const { authUrl, adminUrl } = resolveSettings(values, context)
    const found = authUrl === adminUrl ? authUrl : `sign-in at ${authUrl}, admin API at ${adminUrl}`
    return { lookedAt: "flags, environment, config file", found, verdict: "ok" }
  },
}
