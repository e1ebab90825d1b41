import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ALCHEMY_GRANT, dataOf } from "@authchemy/protocol"
import type { IssuedToken } from "@authchemy/tokens"
import * as v from "valibot"
import { expect } from "vitest"
import { parseConfig } from "../config.ts"
import { createLogger } from "../logging.ts"
import { createServerApp } from "../server-app.ts"
import { openServices, type Services } from "../services.ts"

/** The admin API in one process, on stores of its own, with two people signed in. */
export type AdminApiUnderTest = {
  services: Services
  /** Milliseconds since the epoch; tests move it. The token engine keeps the system's clock. */
  clock: { now: number }
  ada: IssuedToken
  grace: IssuedToken
  /** One call, with Ada's token unless another bearer is given (`""`: none). A body that is no text is sent as JSON. */
  call(
    method: string,
    path: string,
    options?: { bearer?: string; body?: unknown; headers?: object },
  ): Promise<Response>
  /** Makes an account with a session. */
  signedIn(email: string, name: string): Promise<IssuedToken>
  anotherSession(accountId: string): Promise<IssuedToken>
  close(): Promise<void>
}

/** @param env of the server, besides its data directory */
export async function openAdminApiUnderTest(env: Record<string, string> = {}): Promise<AdminApiUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-admin-"))
  const config = parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env })
  const clock = { now: Date.now() }
  const services = await openServices(config, { now: () => clock.now })
  const { tokens, accounts } = services
  const app = createServerApp({
    config,
    services,
    now: () => clock.now,
    logger: createLogger({ write: () => {} }),
    ready: services.ready,
  })

  const anotherSession = (accountId: string) => {
    const device = { name: "laptop", os: "Linux" }
    return tokens.createSession({ ...ALCHEMY_GRANT, accountId, expiresInSeconds: 3600, device })
  }
  const signedIn = async (email: string, name: string) => {
    const { id } = await accounts.administration.create({ email, password: "correct horse battery", name })
    return anotherSession(id)
  }
  const ada = await signedIn("ada@example.com", "Ada")
  const grace = await signedIn("grace@example.com", "Grace")

  return {
    services,
    clock,
    ada,
    grace,
    signedIn,
    anotherSession,
    call: async (method, path, { bearer = ada.token, body, headers = {} } = {}) =>
      app.request(path, {
        method,
        headers: {
          ...(bearer === "" ? {} : { authorization: `Bearer ${bearer}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    close: async () => {
      await services.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** The `data` of an answer, narrowed by the wire contract. */
export async function dataIn<Schema extends v.GenericSchema>(
  answer: Promise<Response>,
  schema: Schema,
  status = 200,
): Promise<v.InferOutput<Schema>> {
  const response = await answer
  expect(response.status).toBe(status)
  return (v.parse(dataOf(schema), await response.json()) as { data: v.InferOutput<Schema> }).data
}

/** Expects `{ error, message }` with a status and nothing more. */
export async function expectRefusal(
  answer: Promise<Response>,
  status: number,
  error: string,
  message = /./,
): Promise<Response> {
  const response = await answer
  expect(await response.json()).toEqual({ error, message: expect.stringMatching(message) })
  expect(response.status).toBe(status)
  return response
}
