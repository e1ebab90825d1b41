import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryDirectory } from "../processes.ts"
import { freePort } from "../start-redis.ts"
import type { Mailbox } from "./mailbox.ts"
import { callbackAt, startUpstream, type Upstream, type UpstreamPerson } from "./provider.ts"
import { type DatabaseName, openPeopleWorld, type PeopleWorld } from "./world.ts"

/** A server that people can come to from "Example Company", and from two providers that are not there yet. */
export type ProviderWorld = PeopleWorld & {
  upstream: Upstream
  /** Somebody whom the provider knows. Their email is verified there unless told otherwise. */
  known(person?: Partial<UpstreamPerson>): UpstreamPerson
  /** Starts one of the two that are not there yet. @param id `late-1` or `late-2` */
  startLate(id: string): Promise<Upstream>
}

const LATE = ["late-1", "late-2"]

/**
 * @param name a word of the test file's own
 * @param options as of `openPeopleWorld`
 */
export async function openProviderWorld(
  database: DatabaseName,
  name: string,
  options: { mailbox?: Mailbox; env?: Record<string, string> } = {},
): Promise<ProviderWorld> {
  const [directory, port, ...latePorts] = await Promise.all([
    temporaryDirectory(name),
    freePort(),
    ...LATE.map(() => freePort()),
  ])
  const url = `http://localhost:${port}`
  const upstream = await startUpstream({ callback: callbackAt(url, "example"), people: [] })
  const { clientId, clientSecret } = upstream
  const late = LATE.map((id, index) => ({
    ...{ id, name: `Company ${id}`, issuer: `http://127.0.0.1:${latePorts[index]}`, clientId, clientSecret },
  }))
  const file = join(directory.path, "providers.json")
  await writeFile(file, JSON.stringify(late))
  const world = await openPeopleWorld(database, name, {
    port,
    ...(options.mailbox === undefined ? {} : { mailbox: options.mailbox }),
    env: {
      AUTHCHEMY_PROVIDER_ID: "example",
      AUTHCHEMY_PROVIDER_NAME: "Example Company",
      AUTHCHEMY_PROVIDER_ISSUER: upstream.issuer,
      AUTHCHEMY_PROVIDER_CLIENT_ID: clientId,
      AUTHCHEMY_PROVIDER_CLIENT_SECRET: clientSecret,
      AUTHCHEMY_PROVIDERS_FILE: file,
      ...options.env,
    },
  })
  const started: Upstream[] = [upstream]
  return {
    ...world,
    upstream,
    known: (person = {}) => {
      const { email, name } = world.stranger()
      const known = { sub: email, email, email_verified: true, name, ...person }
      upstream.people.push(known)
      return known
    },
    startLate: async (id) => {
      const callback = callbackAt(url, id)
      const begun = await startUpstream({ callback, people: [], port: latePorts[LATE.indexOf(id)] ?? 0 })
      started.push(begun)
      return begun
    },
    remove: async () => {
      await world.remove()
      await Promise.all(started.map((one) => one.close()))
      await directory.remove()
    },
  }
}
