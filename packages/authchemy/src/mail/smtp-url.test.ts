import { expect, test } from "vitest"
import { parseSmtpUrl } from "./smtp-url.ts"

test.each([
  ["smtp://mail.example.com", { host: "mail.example.com", port: 587, tls: "required" }],
  ["smtps://mail.example.com", { host: "mail.example.com", port: 465, tls: "implicit" }],
  ["SMTP://MAIL.example.com:25/", { host: "mail.example.com", port: 25, tls: "required" }],
  ["smtps://mail.example.com:2465", { host: "mail.example.com", port: 2465, tls: "implicit" }],
  ["smtp://mail.example.com?tls=required", { tls: "required" }],
  ["smtp://mail.example.com?tls=opportunistic", { tls: "opportunistic" }],
  ["smtp://mail.example.com/?tls=none", { tls: "none" }],
  ["smtp://localhost:1025", { host: "localhost", port: 1025, tls: "opportunistic" }],
  ["smtp://LOCALHOST", { host: "localhost", tls: "opportunistic" }],
  ["smtp://127.0.0.1", { host: "127.0.0.1", tls: "opportunistic" }],
  ["smtp://[::1]:25", { host: "::1", port: 25, tls: "opportunistic" }],
  ["smtp://localhost?tls=required", { host: "localhost", tls: "required" }],
  ["smtp://10.0.0.8", { host: "10.0.0.8", tls: "required" }],
  ["smtp://localhost.evil.example", { tls: "required" }],
  ["smtp://[2001:db8::1]", { host: "2001:db8::1", tls: "required" }],
  ["smtp://mail_relay", { host: "mail_relay" }],
  ["smtp://bücher.example", { host: "xn--bcher-kva.example" }],
])("%s is read", (text, server) => {
  expect(parseSmtpUrl(text)).toEqual(expect.objectContaining(server))
  expect(parseSmtpUrl(text).credentials).toBeNull()
  expect(Object.isFrozen(parseSmtpUrl(text))).toBe(true)
})

test.each([
  ["smtp://user:password@mail.example.com", "user", "password"],
  ["smtps://ada%40example.com:p%40ss%2F%3A%23%3F%25@mail.example.com:465", "ada@example.com", "p@ss/:#?%"],
  ["smtp://ada@example.com:p@ss@mail.example.com", "ada@example.com", "p@ss"],
  ["smtp://%C3%BCser:p%C3%A4ss@mail.example.com", "üser", "päss"],
])("user and password of %s are decoded", (text, user, password) => {
  const { credentials, host } = parseSmtpUrl(text)
  expect(credentials).toEqual({ user, password })
  expect(host).toBe("mail.example.com")
  expect(Object.isFrozen(credentials)).toBe(true)
})

test.each([
  "",
  "mail.example.com",
  "smtp:mail.example.com",
  "smtp://",
  "smtp://:25",
  "http://mail.example.com",
  "smtp://mail.example.com:0",
  "smtp://mail.example.com:65536",
  "smtp://mail.example.com/path",
  "smtp://mail.example.com#",
  "smtp://mail.example.com?tls=maybe",
  "smtp://mail.example.com?tls=",
  "smtp://mail.example.com?tls=none&tls=required",
  "smtp://mail.example.com?tls=none&x=1",
  "smtp://mail.example.com?secure=false",
  "smtps://mail.example.com?tls=none",
  "smtp://a..example.com",
  "smtp://mail%2fexample.com",
  "smtp://s3cret@mail.example.com",
  "smtp://:s3cret@mail.example.com",
  "smtp://user:@mail.example.com",
  "smtp://user:s3cret%@mail.example.com",
  "smtp://user:s3cret%00@mail.example.com",
  "smtp://user%0d%0aX:s3cret@mail.example.com",
  "smtp://user:s3cret/2@mail.example.com",
  "smtp://user:25/s3cret@mail.example.com",
  "smtp://user:25#s3cret@mail.example.com",
  "smtp://user:25?s3cret@mail.example.com",
  "smtp://user:s3cret@mail.example.com:port",
  "smtp://user:s3cret@mail.example.com?tls=s3cret",
])("%s is refused, and what was given is not repeated", (text) => {
  const refuse = () => parseSmtpUrl(text)
  expect(refuse).toThrow(/^must (be smtp\[s\]:|have )/)
  expect(refuse).not.toThrow(/s3cret/)
})
