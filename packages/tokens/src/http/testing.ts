/** A server of one's own making, as `fetch` sees it, and what it was sent. */
export function createFakeServer(answer: (request: Request) => Response | Promise<Response>): {
  fetch: typeof fetch
  requests: Request[]
} {
  const requests: Request[] = []
  return {
    requests,
    fetch: async (url, init) => {
      const request = new Request(url, init)
      requests.push(request)
      return answer(request.clone())
    },
  }
}

/** An answer in JSON. */
export function jsonResponse(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } })
}
