import { expect, test } from "vitest"
import { APP } from "../testing-server.ts"
import { fetchApps } from "./app-pages.ts"

type Page = { limit?: number | undefined; cursor?: string | undefined }

function server(pages: Record<string, string | undefined>) {
  const asked: Page[] = []
  const listApps = async (page: Page) => {
    asked.push(page)
    const cursor = pages[page.cursor ?? ""]
    return { apps: [{ ...APP, id: `app_${page.cursor ?? 0}` }], ...(cursor === undefined ? {} : { cursor }) }
  }
  return { asked, client: { listApps } }
}

test("all follows the cursors, a hundred at a time, and says how many there are", async () => {
  const { asked, client } = server({ "": "1", 1: "2" })
  const told: number[] = []
  const { apps, cursor } = await fetchApps(client, { all: true }, (done) => told.push(done))
  expect(apps.map(({ id }) => id)).toEqual(["app_0", "app_1", "app_2"])
  expect({ cursor, told }).toEqual({ cursor: undefined, told: [1, 2, 3] })
  expect(asked.map(({ limit }) => limit)).toEqual([100, 100, 100])
})

test("one page is one call, and its cursor comes back", async () => {
  const { asked, client } = server({ 7: "8" })
  const { cursor } = await fetchApps(client, { all: false, cursor: "7", limit: 3 }, () => {})
  expect({ cursor, asked }).toEqual({ cursor: "8", asked: [{ limit: 3, cursor: "7" }] })
})

test("a list that leads back to itself ends in an error", async () => {
  const { client } = server({ "": "1", 1: "1" })
  await expect(fetchApps(client, { all: true }, () => {})).rejects.toMatchObject({ code: "ADMIN_API_ERROR" })
})
