import { readFileSync } from "node:fs"
import { extname } from "node:path"
import { tidyClaim } from "@authchemy/protocol"
import type { ConfigProblem } from "./config-error.ts"
import type { Brand } from "./pages/site.ts"

const KIB = 1024
/** Every page loads it. */
const LARGEST_LOGO = 64 * KIB

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
}

/**
 * How the pages look: `AUTHCHEMY_SITE_NAME`, `AUTHCHEMY_LOGO_FILE`, `AUTHCHEMY_ACCENT`.
 * @param problems takes what is wrong, and what would be accepted
 */
export function readBrand(
  env: Readonly<Record<string, string | undefined>>,
  problems: ConfigProblem[],
): Brand {
  const read = <T>(variable: string, fallback: T, parse: (text: string) => T): T => {
    const text = env[variable]?.trim() ?? ""
    if (text === "") return fallback
    try {
      return parse(text)
    } catch (error) {
      problems.push({ variable, message: error instanceof Error ? error.message : String(error) })
      return fallback
    }
  }
  return {
    name: read("AUTHCHEMY_SITE_NAME", "Authchemy", parseName),
    logo: read("AUTHCHEMY_LOGO_FILE", null, readLogo),
    accent: read("AUTHCHEMY_ACCENT", null, parseAccent),
  }
}

function parseName(text: string): string {
  if (tidyClaim(text) === text) return text
  throw new Error("must be one line of at most 64 characters")
}

function parseAccent(text: string): string {
  if (/^#[0-9A-Fa-f]{6}$/.test(text)) return text.toLowerCase()
  throw new Error(`must be a colour such as #0f766e, got ${JSON.stringify(text)}`)
}

function readLogo(path: string): NonNullable<Brand["logo"]> {
  const type = IMAGE_TYPES[extname(path).toLowerCase()]
  if (type === undefined) throw new Error("must be the path of an .svg, .png, .jpg or .webp image")
  const body = readImage(path)
  if (body.byteLength > LARGEST_LOGO) {
    throw new Error(`must be at most 64 KiB, and has ${Math.ceil(body.byteLength / KIB)} KiB`)
  }
  return { type, body }
}

function readImage(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "it cannot be read"
    throw new Error(`must be a file that can be read (${code})`)
  }
}
