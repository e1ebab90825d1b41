import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"

/** The parameter that carries the moment on the way to the sign-in page and back. No client sends it; what is not this server's own is passed over. */
const PARAMETER = "opened"

/**
 * Remembers when a browser first opened a request, over the detour of signing in, without keeping anything: the moment travels in the address, with a
 * MAC over it and the request.
 */
export type Opened = {
  /** The path with the moment at which it was opened: the one that it carries already, or the present. @param path with its query */
  note(path: string): string
  /** When it was opened, in milliseconds since the epoch: the present, where it carries no moment of this server's. */
  at(path: string): number
}

/**
 * @param secret the server's secret
 * @param now milliseconds since the epoch
 */
export function createOpened(secret: string, now: () => number): Opened {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "authchemy opened at", 32))
  const macOf = (path: string, moment: string) =>
    createHmac("sha256", key).update(`${moment}\n${path}`).digest().subarray(0, 16)

  const read = (path: string) => {
    const bare = withoutMoment(path)
    const given = new URLSearchParams(path.slice(path.indexOf("?") + 1)).get(PARAMETER) ?? ""
    const [moment = "", mac = ""] = given.split(".")
    const bytes = Buffer.from(mac, "base64url")
    const expected = macOf(bare, moment)
    const genuine = bytes.length === expected.length && timingSafeEqual(bytes, expected)
    return { bare, at: genuine ? Math.min(Number.parseInt(moment, 36), now()) : now() }
  }
  return {
    note: (path) => {
      const { bare, at } = read(path)
      const moment = at.toString(36)
      const mac = macOf(bare, moment).toString("base64url")
      return `${bare}${bare.includes("?") ? "&" : "?"}${PARAMETER}=${moment}.${mac}`
    },
    at: (path) => read(path).at,
  }
}

/** All other parameters stay as they were sent, byte for byte. */
function withoutMoment(path: string): string {
  const [before = "", query] = path.split(/\?(.*)/s)
  if (query === undefined) return path
  const rest = query.split("&").filter((pair) => pair !== PARAMETER && !pair.startsWith(`${PARAMETER}=`))
  return rest.length === 0 ? before : `${before}?${rest.join("&")}`
}
