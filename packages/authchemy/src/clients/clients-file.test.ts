import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parseConfig } from "../config.ts"
import { ConfigError } from "../config-error.ts"
import { openCommandServices } from "../services.ts"
import { readClientsFile } from "./clients-file.ts"

let directory: string
let path: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-clients-file-"))
  path = join(directory, "clients.json")
})
afterAll(() => rm(directory, { recursive: true }))

const cli = { id: "my-cli", name: "My CLI", redirectUris: ["http://127.0.0.1/done"] }

/** The messages about a file with this text. */
async function problemsIn(text: string): Promise<string[]> {
  await writeFile(path, text)
  try {
    readClientsFile(path)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(new Set(error.problems.map(({ variable }) => variable))).toEqual(
      new Set(["AUTHCHEMY_CLIENTS_FILE"]),
    )
    return error.problems.map(({ message }) => message.replace(`${path}: `, ""))
  }
  return []
}

test("no file, no clients", () => {
  expect(readClientsFile(null)).toEqual([])
})

test("the file's clients are read once, frozen, and found", async () => {
  await writeFile(path, JSON.stringify({ clients: [cli] }))
  const [client, ...others] = readClientsFile(path)
  expect(others).toEqual([])
  expect(client).toMatchObject({ ...cli, grants: ["authorization_code", "refresh_token"] })
  expect([readClientsFile(path), client].every(Object.isFrozen)).toBe(true)
  const env = { AUTHCHEMY_DATA_DIR: join(directory, "data"), AUTHCHEMY_CLIENTS_FILE: path }
  const services = await openCommandServices(parseConfig(env))
  await writeFile(path, "{}")
  expect(await services.clients.find("my-cli")).toEqual(client)
  await services.close()
})

describe("refused", () => {
  test.each([
    ["", "must be JSON"],
    ['{"clients":[ }', "must be JSON"],
    ['{"clients":\n[] "x"}', "must be JSON (line 2 column 4)"],
    ["null", 'must be { "clients": [ … ] }'],
    ["[]", 'must be { "clients": [ … ] }'],
    ['{"clients":{}}', 'must be { "clients": [ … ] }'],
    ['{"clients":[],"more":1}', 'must be { "clients": [ … ] }'],
    ['{"clients":[null]}', "client 1: must be an object"],
    ['{"clients":["x"]}', "client 1: must be an object"],
  ])("%s", async (text, message) => {
    expect(await problemsIn(text)).toEqual([message])
  })

  test("every mistake names the client and the field", async () => {
    const clients = [cli, { ...cli, id: "no id" }, { ...cli, id: "api", redirectUris: ["x"], grants: "all" }]
    expect(await problemsIn(JSON.stringify({ clients }))).toEqual([
      expect.stringMatching(/^client 2: id: must be 1 to 64/),
      expect.stringMatching(/^client 3 \(api\): redirectUris\.0: must be https/),
      "client 3 (api): grants: must be a list of grants",
    ])
  })

  test("an id that is taken", async () => {
    const clients = [cli, { ...cli, id: "alchemy-cli" }, { ...cli, name: "Another" }]
    expect(await problemsIn(JSON.stringify({ clients }))).toEqual([
      expect.stringMatching(/^client 2 \(alchemy-cli\): id: is taken/),
      expect.stringMatching(/^client 3 \(my-cli\): id: is taken/),
    ])
  })

  test("a secret, without repeating it, and with the way to its digest", async () => {
    const messages = await problemsIn(JSON.stringify({ clients: [{ ...cli, secret: "hunter22" }] }))
    expect(messages).toEqual([
      expect.stringMatching(/^client 1 \(my-cli\): secret: .*`authchemy clients digest`/),
    ])
    expect(messages.join("")).not.toContain("hunter22")
    expect((await problemsIn('{"clients":[{"secret":hunter22}]}')).join("")).not.toContain("hunter")
  })

  test("a file that cannot be read", () => {
    for (const unreadable of [join(directory, "none.json"), directory]) {
      expect(() => readClientsFile(unreadable)).toThrow(
        /AUTHCHEMY_CLIENTS_FILE: must be a file .*(ENOENT|EISDIR)/,
      )
    }
  })
})
