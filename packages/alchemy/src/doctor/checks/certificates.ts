import { extraCertificatesFault } from "../../network/trusted-certificates.ts"
import { printable } from "../../output/printable.ts"
import { type Check, type Fault, findingOf } from "../check.ts"

/** Which authorities the environment adds, and whether certificates are judged at all. */
export const certificates: Check = {
  id: "certificates",
  title: "certificates",
  look: async ({ context }) => {
    const { env } = context
    const faults: Fault[] = []
    const fault = extraCertificatesFault(env)
    if (fault !== undefined) {
      const found = printable(fault.replace(/\.$/, ""))
      faults.push({ verdict: "problem", found, todo: "Name a readable file in PEM form, or unset it." })
    }
    if (env.NODE_TLS_REJECT_UNAUTHORIZED === "0") {
      faults.push({
        verdict: "problem",
        found:
          "NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked, and anybody on the way can read the token",
        todo: "Unset it; name your network's authority with NODE_EXTRA_CA_CERTS=<file.pem>.",
      })
    }
    const extra = env.NODE_EXTRA_CA_CERTS ? `, and those in ${printable(env.NODE_EXTRA_CA_CERTS, 100)}` : ""
    const lookedAt = "NODE_EXTRA_CA_CERTS, NODE_TLS_REJECT_UNAUTHORIZED"
    return findingOf(lookedAt, `the runtime's and the system's authorities${extra}`, faults)
  },
}
