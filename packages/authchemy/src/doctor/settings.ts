import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { isLoopbackHost } from "@authchemy/protocol"
import { readClientsFile } from "../clients/clients-file.ts"
import type { Config } from "../config.ts"
import { counted } from "../counts-in-words.ts"
import { type Finding, ok, warning, wrong } from "./check.ts"
import { OTHERS } from "./stores.ts"

/** 32 characters that were drawn at random have about twenty that differ; fewer than this were typed. */
const LEAST_CHARACTERS = 10

/** As `loadSecret` demands it. */
const SECRET_LENGTH = 32

/** Whether the secret that seals forms and signs cookies is one. @throws Error where its file cannot be read */
export function checkSecret({ secret, dataDirectory }: Config): Finding {
  if (secret !== null) {
    if (new Set(secret).size >= LEAST_CHARACTERS) return ok("AUTHCHEMY_SECRET is set")
    return warning("AUTHCHEMY_SECRET can be guessed", "Make one with: openssl rand -base64 32")
  }
  const path = join(dataDirectory, "secret")
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return ok(`${path} is made when the server first starts`)
  if ((found.mode & OTHERS) !== 0) {
    return wrong(
      `others may read ${path}`,
      "Whoever has read it can forge what this server signs. Remove it and start the server: it makes another, and people sign in to the pages anew.",
    )
  }
  if (readFileSync(path, "utf8").trim().length >= SECRET_LENGTH) return ok(`${path} is this user's alone`)
  return wrong(`${path} is too short`, "Remove it: the server makes another when it starts.")
}

/** Whether the clients file can be used. @param path absolute @throws ConfigError */
export function checkClientsFile(path: string): Finding {
  const { length } = readClientsFile(path)
  return ok(`${path} has ${counted(length, "client")}`)
}

/** Who can make an account, and whether the email is theirs. */
export function checkSignUp({ signUp, verifyEmail, issuer }: Config): Finding {
  const words = { open: "open to everybody", closed: "closed", domains: "open to some mail domains" }
  const isOpen = signUp.kind === "open" && !isLoopbackHost(new URL(issuer).hostname)
  if (!isOpen || verifyEmail) return ok(`it is ${words[signUp.kind]}`)
  return warning(
    "it is open to everybody, and emails are not verified: anybody can have an account in anybody's name",
    "Set AUTHCHEMY_VERIFY_EMAIL=true beside AUTHCHEMY_SMTP_URL, or AUTHCHEMY_ALLOW_SIGN_UP=closed.",
  )
}

/** What was allowed for the sake of old programs. */
export function checkCodeChallenge(): Finding {
  return warning(
    "AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE is on: whoever gets hold of a program's code can have its token",
    "Take it out once these programs are updated.",
  )
}
