import { VERSION } from "../../version.ts"
import type { Check } from "../check.ts"

/** The least version of Node, as `engines` in package.json has it. */
const LEAST = [22, 12] as const

/** The runtime and this command itself. */
export const versions: Check = {
  id: "versions",
  title: "versions",
  look: async ({ probes, context }) => {
    const [major = 0, minor = 0] = probes.nodeVersion.split(".").map(Number)
    const old = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])
    const found = `alchemy ${VERSION}, Node ${probes.nodeVersion}, ${context.osName}`
    const lookedAt = "this command, the runtime, the system"
    if (!old) return { lookedAt, found, verdict: "ok" }
    const todo = `This command is made for Node ${LEAST.join(".")} and later.`
    return { lookedAt, found: `${found}, which is too old`, verdict: "problem", todo }
  },
}
