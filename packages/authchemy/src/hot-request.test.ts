import { expect, test } from "vitest"
import { readPlainHeaders } from "./hot-request.ts"

const HOST = ["Host", "localhost:4000"]

test("the headers that count, whatever the letters of their names", () => {
  const rest = ["AUTHORIZATION", "Bearer x", "content-Type", "a/b", "Content-length", "3", "X-Anything", "y"]
  expect(readPlainHeaders([...HOST, ...rest])).toMatchObject({
    authorization: "Bearer x",
    contentType: "a/b",
    contentLength: "3",
  })
  expect(readPlainHeaders(HOST)).toMatchObject({
    authorization: null,
    contentType: null,
    contentLength: null,
  })
})

test.each([
  ["no host", []],
  ["an unusual host", ["Host", "localhost:4000/x"]],
  ["an IPv6 host", ["Host", "[::1]:4000"]],
  ["two hosts", [...HOST, ...HOST]],
  ["two credentials", [...HOST, "Authorization", "Bearer a", "authorization", "Bearer b"]],
  ["two types", [...HOST, "Content-Type", "a/b", "Content-Type", "a/b"]],
  ["an encoding", [...HOST, "Content-Encoding", "gzip"]],
  ["an undeclared length", [...HOST, "Transfer-Encoding", "chunked"]],
])("%s is nothing plain", (_, rawHeaders) => {
  expect(readPlainHeaders(rawHeaders)).toBeNull()
})
