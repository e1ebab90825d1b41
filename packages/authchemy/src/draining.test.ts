import { once } from "node:events"
import { Agent, get } from "node:http"
import { connect } from "node:net"
import { expect, test } from "vitest"
import { createDraining } from "./draining.ts"
import { listen } from "./listen.ts"

const host = "127.0.0.1"

test("before it has its answers it says 503", async () => {
  const response = await createDraining().fetch(new Request("http://localhost/"), {})
  expect(response.status).toBe(503)
  expect(response.headers.get("retry-after")).toBe("1")
})

test("while draining every answer ends its connection, those under way too, and new ones are answered", async () => {
  const draining = createDraining()
  const finish = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  draining.answerWith((request) => {
    if (!request.url.endsWith("/slow")) return new Response("now")
    begun.resolve()
    return finish.promise.then(() => new Response("late"))
  })
  const listener = await listen({ fetch: draining.fetch, host, port: 0 })
  const agent = new Agent({ keepAlive: true })
  const ask = async (path: string) => {
    const [response] = await once(get({ host, port: listener.port, path, agent }), "response")
    await response.toArray()
    return response.headers.connection as string
  }
  const idle = connect(listener.port, host)
  idle.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
  expect(String((await once(idle, "data"))[0])).toContain("Connection: keep-alive")

  expect(await ask("/")).toBe("keep-alive")
  const slow = ask("/slow")
  await begun.promise
  draining.begin({ staysReady: true })
  finish.resolve()
  expect(await slow).toBe("close")
  expect(await ask("/")).toBe("close")
  const closed = once(idle, "close")
  idle.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
  expect(String((await once(idle, "data"))[0])).toContain("Connection: close")
  await closed
  agent.destroy()
  await listener.close()
})

test("what is answered from memory ends its connection too", async () => {
  const draining = createDraining()
  draining.answerWith(
    () => new Response("slowly"),
    (request, response) => {
      if (request.url !== "/hot") return false
      response.end("at once")
      return true
    },
  )
  const { fetch: answer, hot } = draining
  const listener = await listen({ fetch: answer, hot, host, port: 0 })
  const ask = async (path: string) => {
    const response = await fetch(`http://${host}:${listener.port}${path}`)
    return [await response.text(), response.headers.get("connection")]
  }
  expect(await ask("/hot")).toEqual(["at once", "keep-alive"])
  expect(await ask("/")).toEqual(["slowly", "keep-alive"])
  draining.begin({ staysReady: true })
  expect(await ask("/hot")).toEqual(["at once", "close"])
  expect(await ask("/")).toEqual(["slowly", "close"])
  await listener.close()
})

test("it is ready until it is told that nobody takes its place", async () => {
  const draining = createDraining()
  await draining.ready()
  draining.begin({ staysReady: true })
  await draining.ready()
  draining.begin({ staysReady: false })
  await expect(draining.ready()).rejects.toThrow("stopping")
})
