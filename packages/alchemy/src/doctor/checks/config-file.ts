import { isUtf8 } from "node:buffer"
import { access, chmod, constants, readFile, realpath, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { configPath, pathForPeople } from "../../config/path.ts"
import { CLIError } from "../../errors.ts"
import { codeIn } from "../../network/network-failure.ts"
import { type Check, type Fault, findingOf } from "../check.ts"
import type { Patient } from "../patient.ts"

/** Whether it can be read and written, holds what it should, and is nobody else's. It is looked at before any other check opens it. */
export const configFile: Check = {
  id: "config-file",
  title: "config file",
  look: async (patient) => {
    const { context } = patient
    patient.leaveConfigAlone(undefined)
    const path = configPath(context)
    const shown = pathForPeople(path, context.homeDirectory)
    const file = await realpath(path).catch(() => path)
    const inDirectory = await directoryFaults(dirname(file), patient)
    const status = await stat(file).catch((error: unknown) => codeIn(error))
    if (status === "ENOENT" || status === "ENOTDIR") {
      return findingOf(shown, "there is none yet; the first sign-in makes it", inDirectory)
    }
    if (typeof status === "string") return findingOf(shown, "", [unreadable(status), ...inDirectory])
    if (!status.isFile()) {
      const todo = `Move it away, or name another file with ALCHEMY_CONFIG.`
      return findingOf(shown, "", [{ verdict: "problem", found: "it is not a file", todo }, ...inDirectory])
    }
    const mode = await modeOf(file, status, patient)
    const broken = (await contentFault(file)) ?? (await openingFault(patient))
    const faults = [...mode.faults, ...(broken === null ? [] : [broken]), ...inDirectory]
    const finding = {
      ...findingOf(shown, `it is there, ${context.platform === "win32" ? "readable" : "mode 0600"}`, faults),
      fixed: mode.fixed,
    }
    if (broken === null || broken.unreadable) return finding
    patient.leaveConfigAlone("the config file does not hold a JSON object")
    return { ...finding, fix: () => putAside(patient) }
  },
}

function unreadable(code: string): Fault {
  const found = `it cannot be read (${code || "unknown reason"})`
  return { verdict: "problem", found, todo: "Check who owns the file and its directory." }
}

/** Every command that reads the file mends its mode; here it is said. */
async function modeOf(
  file: string,
  status: { mode: number; uid: number },
  { context, probes }: Patient,
): Promise<{ faults: Fault[]; fixed?: string }> {
  if (context.platform === "win32") return { faults: [] }
  const { userId } = probes
  const others: Fault[] =
    userId === null || status.uid === userId
      ? []
      : [
          {
            verdict: "problem",
            found: `it belongs to the user ${status.uid}, and this runs as ${userId}`,
            todo: `Run as that user, without sudo, or give it away: \`sudo chown ${userId} <file>\`.`,
          },
        ]
  const mode = status.mode & 0o777
  if ((mode & 0o077) === 0) return { faults: others }
  const found = `it had the mode 0${mode.toString(8)}, so that other people could read it`
  try {
    await chmod(file, 0o600)
    const todo = "If other people use this machine, sign in anew: `alchemy auth login --force`."
    return { faults: [{ verdict: "note", found, todo }, ...others], fixed: "its mode is 0600 now" }
  } catch {
    const todo = "Set its mode to 0600, as the user that it belongs to."
    return { faults: [{ verdict: "problem", found: found.replace("had", "has"), todo }, ...others] }
  }
}

async function contentFault(file: string): Promise<(Fault & { unreadable?: true }) | null> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    return { ...unreadable(codeIn(error)), unreadable: true }
  }
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "")
  if (isUtf8(bytes) && (text.trim() === "" || isJsonObject(text))) return null
  return {
    verdict: "problem",
    found: "it does not hold a JSON object",
    todo: "Mend it, or run `alchemy auth doctor --fix`: that puts it aside under another name and begins a new one.",
  }
}

/** What the store itself refuses. A profile's name that is none is another check's business. */
async function openingFault({ context }: Patient): Promise<(Fault & { unreadable: true }) | null> {
  try {
    await context.config()
    return null
  } catch (error) {
    if (!(error instanceof CLIError) || error.code !== "CREDENTIAL_STORE_ERROR") return null
    const found = error.message.replace(/\.$/, "")
    return { verdict: "problem", found, todo: error.hint, unreadable: true }
  }
}

function isJsonObject(text: string): boolean {
  try {
    const content: unknown = JSON.parse(text)
    return typeof content === "object" && content !== null && !Array.isArray(content)
  } catch {
    return false
  }
}

/** The store puts aside what it cannot parse, at its first reading. */
async function putAside({ context }: Patient): Promise<string> {
  await context.config()
  return "it was put aside under another name"
}

async function directoryFaults(directory: string, { context, probes }: Patient): Promise<Fault[]> {
  const shown = pathForPeople(directory, context.homeDirectory)
  const unusable = await whyUnusable(directory)
  if (unusable !== null) {
    const found = `its directory ${shown} ${unusable}, so nothing can be stored`
    const todo = "Make it writable for you, or name a file elsewhere with ALCHEMY_CONFIG."
    return [{ verdict: "problem", found, todo }]
  }
  const status = await stat(directory).catch(() => null)
  if (status === null || probes.userId === null) return []
  // With the sticky bit, as in /tmp, nobody replaces what is somebody else's.
  if ((status.mode & 0o022) === 0 || (status.mode & 0o1000) !== 0) return []
  const found = `other people may replace the files in ${shown}`
  return [{ verdict: "note", found, todo: `Run \`chmod go-w ${shown}\`.` }]
}

/** Why no file can be made in a directory; `null` where one can. One that is not there yet is made where the one above it can be written. */
async function whyUnusable(directory: string): Promise<string | null> {
  try {
    if (!(await stat(directory)).isDirectory()) return "is not a directory"
    await access(directory, constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    const code = codeIn(error)
    const above = dirname(directory)
    if (code === "ENOENT" && above !== directory) return whyUnusable(above)
    return code === "ENOTDIR" ? "is not a directory" : `cannot be written (${code || "unknown reason"})`
  }
}
