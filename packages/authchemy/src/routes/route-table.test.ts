import { Hono } from "hono"
import { beforeEach, expect, test } from "vitest"
import { errorResponse } from "../middleware/error-response.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { useSite } from "../middleware/site.ts"
import { createSite } from "../pages/site.ts"
import { addRoutes } from "./route-table.ts"

let app: Hono<AppEnv>

beforeEach(() => {
  app = new Hono<AppEnv>()
  app.use(useSite(createSite({ name: "Test", logo: null, accent: null }, { hasSecurityPage: true })))
  app.onError(errorResponse({ error: () => {} } as never))
  const text = (answer: string) => ({ get: () => new Response(answer) })
  const post = () => new Response("posted")
  addRoutes(app, {
    "/things/:id": text("a thing"),
    "/things/:id/name": { post, formOf: "/things/:id" },
    "/both": { ...text("both"), post, formOf: "/elsewhere" },
    "/form": { post, formOf: "/" },
    "/api/call": { post },
  })
})

const ask = async (method: string, path: string) => {
  const response = await app.request(path, { method })
  return [response.status, response.headers.get("location") ?? response.headers.get("allow")]
}

test("a path that takes forms only leads who opens it to the page of the form", async () => {
  expect(await ask("GET", "/form")).toEqual([303, "/"])
  expect(await ask("GET", "/form?done=x")).toEqual([303, "/"])
  expect(await ask("HEAD", "/form")).toEqual([303, "/"])
  expect(await ask("GET", "/things/app_1/name")).toEqual([303, "/things/app_1"])
})

test("what stands in the path stays one segment of it", async () => {
  expect(await ask("GET", "/things/%2F%2Fevil.example/name")).toEqual([303, "/things/%2F%2Fevil.example"])
  expect(await ask("GET", "/things/a%3Fb%23c%0D%0Ad/name")).toEqual([303, "/things/a%3Fb%23c%0D%0Ad"])
  expect(await ask("GET", "/things/:id/name")).toEqual([303, "/things/%3Aid"])
})

test("it takes its form, and no other method", async () => {
  expect(await (await app.request("/form", { method: "POST" })).text()).toBe("posted")
  for (const method of ["PUT", "DELETE", "PATCH"]) expect(await ask(method, "/form")).toEqual([405, "POST"])
})

test("a path that is no form's has the methods that it has", async () => {
  expect(await ask("GET", "/api/call")).toEqual([405, "POST"])
  expect(await ask("POST", "/things/1")).toEqual([405, "GET"])
  expect(await ask("GET", "/both")).toEqual([200, null])
  expect(await ask("PUT", "/both")).toEqual([405, "GET, POST"])
})
