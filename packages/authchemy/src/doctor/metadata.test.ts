import { expect, onTestFinished, test } from "vitest"
import { askMetadata } from "./metadata.ts"
import { answering, openWebServer } from "./testing.ts"

async function asked(...given: Parameters<typeof answering>) {
  const server = await openWebServer(answering(...given))
  onTestFinished(server.close)
  return askMetadata(server.url, fetch)
}

test("whoever answers is known by its status and the name that it gives itself", async () => {
  expect(await asked({ issuer: "https://a.example" })).toEqual({
    status: 200,
    issuer: "https://a.example",
    said: 'answers 200, and calls itself "https://a.example"',
  })
  expect(await asked({ issuer: 7 })).toMatchObject({ issuer: 7, said: "answers 200, and calls itself 7" })
})

test.each([[null], [[]], ["text"], [{ other: 1 }]])(
  "what does not describe itself has no name: %j",
  async (body) => {
    expect(await asked(body)).toEqual({ status: 200, issuer: null, said: "answers 200" })
  },
)

test("a redirect is told, and not followed", async () => {
  const headers = { location: "/elsewhere" }
  expect(await asked({}, { status: 302, headers })).toMatchObject({
    status: 302,
    said: "answers 302, which leads to /elsewhere",
  })
})
