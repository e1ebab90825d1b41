import { describe, expect, test } from "vitest"
import { parseRedisUrl, type RedisTarget } from "./redis-url.ts"

const nobody = { username: null, password: null }
const single: RedisTarget = {
  topology: "single",
  addresses: [{ host: "localhost", port: 6379 }],
  masterName: "",
  database: 0,
  credentials: nobody,
  sentinelCredentials: nobody,
  tls: null,
}
const noFiles = { ca: null, cert: null, key: null }

test.each<[string, Partial<RedisTarget>]>([
  ["redis://localhost", {}],
  ["redis://localhost/", {}],
  ["redis://localhost:6379/0", {}],
  ["redis://10.0.0.1:6380/7", { addresses: [{ host: "10.0.0.1", port: 6380 }], database: 7 }],
  ["redis://[::1]:6380", { addresses: [{ host: "::1", port: 6380 }] }],
  ["redis://ada@localhost", { credentials: { username: "ada", password: null } }],
  ["redis://:p%40ss@localhost", { credentials: { username: null, password: "p@ss" } }],
  ["redis://a%3Ab:p:w@localhost", { credentials: { username: "a:b", password: "p:w" } }],
  ["rediss://localhost", { tls: noFiles }],
  ["rediss://localhost?ca=/etc/ca.pem", { tls: { ...noFiles, ca: "/etc/ca.pem" } }],
  ["rediss://localhost/?cert=a.pem&key=b%20c.pem", { tls: { ca: null, cert: "a.pem", key: "b c.pem" } }],
  [
    "redis+sentinel://s1,s2:5000,[::2]/main",
    {
      topology: "sentinel",
      addresses: [
        { host: "s1", port: 26_379 },
        { host: "s2", port: 5000 },
        { host: "::2", port: 26_379 },
      ],
      masterName: "main",
    },
  ],
  [
    "rediss+sentinel://ada:pw@s1/my%2Fmain/3?sentinel_user=sen&sentinel_password=tinel&ca=ca.pem",
    {
      topology: "sentinel",
      addresses: [{ host: "s1", port: 26_379 }],
      masterName: "my/main",
      database: 3,
      credentials: { username: "ada", password: "pw" },
      sentinelCredentials: { username: "sen", password: "tinel" },
      tls: { ...noFiles, ca: "ca.pem" },
    },
  ],
  [
    "redis+cluster://:pw@c1,c2:7001",
    {
      topology: "cluster",
      addresses: [
        { host: "c1", port: 6379 },
        { host: "c2", port: 7001 },
      ],
      credentials: { username: null, password: "pw" },
    },
  ],
])("%s", (url, expected) => {
  expect(parseRedisUrl(url)).toEqual({ ...single, ...expected })
})

describe("what is wrong is named", () => {
  test.each<[string, RegExp]>([
    ["localhost:6379", /^must be redis:\/\/.*redis\+sentinel:\/\/.*redis\+cluster:\/\//],
    ["http://localhost", /^must be redis:/],
    ["redis+ring://localhost", /^must be redis:/],
    ["redis://localhost#x", /^must be redis:/],
    ["redis://", /^each host must be/],
    ["redis://host:0", /port from 1 to 65535/],
    ["redis://host:65536", /port from 1 to 65535/],
    ["redis://::1", /IPv6 address in brackets/],
    ["redis://a,b", /several hosts need a topology/],
    ["redis://@localhost", /the part before @/],
    ["redis://:@localhost", /the part before @/],
    ["redis://ada:100%@localhost", /password must be percent-encoded/],
    ["redis://localhost/x", /database must be a whole number/],
    ["redis://localhost/1/2", /database must be a whole number/],
    ["redis+sentinel://s1", /\/<master name>/],
    ["redis+sentinel://s1/", /\/<master name>/],
    ["redis+sentinel://s1/main/0/x", /\/<master name>/],
    ["redis+sentinel://s1/main/x", /database must be a whole number/],
    ["redis+sentinel://s1,,s2/main", /each host must be/],
    ["redis+cluster://c1/0", /one database only/],
    ["redis://localhost?ca=ca.pem", /must begin with rediss/],
    ["rediss://localhost?cert=a.pem", /cert and key belong together/],
    ["rediss://localhost?ca=", /each once and with a value/],
    ["rediss://localhost?ca=a&ca=b", /each once and with a value/],
    ["redis://localhost?timeout=1", /may be ca, cert, key, sentinel_user, sentinel_password/],
    ["redis://localhost?sentinel_password=x", /for redis\+sentinel:\/\/ only/],
  ])("%s", (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(message)
  })
})

test.each([
  "redis://ada:hunter2/x@localhost",
  "redis://ada:hunter2?x@localhost",
  "redis://ada:hunter2#x@localhost",
  "redis://ada:hunter2%@localhost",
  "redis://ada:hunter2@local host",
  "redis://ada:x@hunter2@local_host:x",
  "hunter2",
])("no error repeats a part of the URL: %s", (url) => {
  expect(() => parseRedisUrl(url)).toThrow()
  expect(() => parseRedisUrl(url)).not.toThrow(/hunter2/)
})
