import { type DeviceClaims, tidyText } from "@authchemy/protocol"
import { withoutSecrets } from "../logging.ts"
import { loggedAccountId } from "./account-id.ts"
import type { AuditEvent, Origin, RecordedEvent } from "./events.ts"

// In UTF-16 code units.
const LONGEST_ID = 255
const LONGEST_CLAIM = 64
const LONGEST_ADDRESS = 64
const LONGEST_AGENT = 200
const LONGEST_KEY = 32
const LONGEST_VALUE = 200
/** The most bytes of an event's details, as JSON. */
const MOST_DETAILS = 1024

type Details = RecordedEvent["details"]

/**
 * An event as it is kept: every text one line, of bounded length, tokens and secrets in it blacked out; the account's id is that of
 * `account-id.ts`. Its JSON has fewer than 12 KiB.
 * @param stamp its id and moment
 */
export function recordedEvent(
  event: AuditEvent,
  origin: Origin,
  stamp: { id: string; at: string },
): RecordedEvent {
  const { type, accountId, sessionId, clientId, device = {}, details = {} } = event
  const { actor, address, agent } = origin
  return {
    ...stamp,
    type,
    // Whose an event is decides who may read it: nothing in the id is tidied, whatever it looks like.
    accountId: accountId === null ? null : loggedAccountId(accountId),
    sessionId: textOrNull(sessionId, LONGEST_ID),
    clientId: textOrNull(clientId, LONGEST_ID),
    device: tidyDevice(device),
    origin: {
      actor,
      address: textOrNull(address, LONGEST_ADDRESS),
      agent: textOrNull(agent, LONGEST_AGENT),
    },
    details: tidyDetails(details),
  }
}

function textOrNull(value: string | null | undefined, longest: number): string | null {
  return value === null || value === undefined ? null : tidy(value, longest) || null
}

/** Blacked out before it is cut, so that no part of a secret is left; and after, for what control characters had kept apart. */
function tidy(value: string, longest: number): string {
  const safe = withoutSecrets(tidyText(withoutSecrets(value), value.length))
  return tidyText(safe, longest)
}

function tidyDevice(device: DeviceClaims): DeviceClaims {
  const tidied: DeviceClaims = {}
  for (const claim of ["name", "os", "client"] as const) {
    const text = textOrNull(device[claim], LONGEST_CLAIM)
    if (text !== null) tidied[claim] = text
  }
  return tidied
}

/** What fits of them; the first that are named come first. */
function tidyDetails(details: Details): Details {
  const kept: [string, string | number | boolean][] = []
  for (const [key, value] of Object.entries(details)) {
    if (typeof value === "number" && !Number.isFinite(value)) continue
    const entry: [string, string | number | boolean] = [
      tidy(key, LONGEST_KEY),
      typeof value === "string" ? tidy(value, LONGEST_VALUE) : value,
    ]
    const size = Buffer.byteLength(JSON.stringify(Object.fromEntries([...kept, entry])))
    if (size <= MOST_DETAILS) kept.push(entry)
  }
  return Object.fromEntries(kept)
}
