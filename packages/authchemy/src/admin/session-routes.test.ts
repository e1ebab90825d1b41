import { SessionList } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AdminApiUnderTest, dataIn, expectRefusal, openAdminApiUnderTest } from "./testing.ts"

let api: AdminApiUnderTest
beforeAll(async () => {
  api = await openAdminApiUnderTest()
})
afterAll(() => api.close())

describe("sessions", () => {
  test("are listed, ended one by one, by others and all", async () => {
    const first = await api.signedIn("sessions@example.com", "Sessions")
    const { accountId } = first.session
    const bearer = first.token
    const others = await Promise.all([1, 2, 3].map(() => api.anotherSession(accountId)))
    const { sessions } = await dataIn(api.call("GET", "/v1/sessions", { bearer }), SessionList)
    expect(sessions).toHaveLength(4)
    expect(sessions.filter(({ current }) => current).map(({ id }) => id)).toEqual([first.session.id])
    const ended = async (path: string) =>
      (await (await api.call("DELETE", path, { bearer })).json()) as unknown
    expect(await ended(`/v1/sessions/${others[0]?.session.id}`)).toEqual({ data: { ended: 1 } })
    await expectRefusal(
      api.call("DELETE", `/v1/sessions/${others[0]?.session.id}`, { bearer }),
      404,
      "not_found",
    )
    await expectRefusal(
      api.call("DELETE", `/v1/sessions/${api.ada.session.id}`, { bearer }),
      404,
      "not_found",
    )
    await expectRefusal(
      api.call("DELETE", "/v1/sessions?others=yes", { bearer }),
      400,
      "invalid_request",
      /^others/,
    )
    expect(await ended("/v1/sessions?others=true")).toEqual({ data: { ended: 2 } })
    expect((await api.call("GET", "/v1/me", { bearer })).status).toBe(200)
    expect(await ended("/v1/sessions")).toEqual({ data: { ended: 1 } })
    await expectRefusal(api.call("GET", "/v1/me", { bearer }), 401, "invalid_token")
    expect((await api.call("GET", "/v1/me")).status).toBe(200)
  })
})
