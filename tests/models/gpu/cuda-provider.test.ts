import { createServer, type RequestListener } from "node:http"
import { describe, expect, onTestFinished, test } from "vitest"
import {
  type CudaProvider,
  describeCudaProvider,
  downloadSize,
} from "../../../src/models/gpu/cuda-provider.ts"

/** A feed on loopback; the address of its index. */
const feed = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("no address")
  return `http://127.0.0.1:${address.port}/index.json`
}

const providerAt = (index: string): CudaProvider => ({
  ...describeCudaProvider(),
  download: { feed: index, name: "Some.Gpu.Linux", version: "1.30.0" },
})

const signal = new AbortController().signal

describe("the CUDA provider of onnxruntime-node", () => {
  test("is described by the installed package itself", () => {
    const { files, download, script } = describeCudaProvider()
    expect(files.map((file) => file.split("/").at(-1))).toContain("libonnxruntime_providers_cuda.so")
    expect(script).toMatch(/onnxruntime-node\/script\/install\.js$/)
    expect(download).toMatchObject({ name: "Microsoft.ML.OnnxRuntime.Gpu.Linux", version: "1.30.0" })
  })

  test("asks the server for the size, and downloads nothing", async () => {
    const asked: string[] = []
    const index = await feed((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      if (request.method === "HEAD") return response.writeHead(200, { "content-length": "123456789" }).end()
      const base = { "@id": `http://${request.headers.host}/flat`, "@type": "PackageBaseAddress/3.0.0" }
      return response.end(JSON.stringify({ version: "3.0.0", resources: [base] }))
    })
    const { bytes, url } = await downloadSize(providerAt(index), signal)
    expect(bytes).toBe(123_456_789)
    expect(url).toMatch(/\/flat\/some\.gpu\.linux\/1\.30\.0\/some\.gpu\.linux\.1\.30\.0\.nupkg$/)
    expect(asked).toEqual(["GET /index.json", expect.stringMatching(/^HEAD \/flat\//)])
  })

  test("says which server does not answer, and why", async () => {
    await expect(downloadSize(providerAt("http://127.0.0.1:1/index.json"), signal)).rejects.toThrow(
      /^127\.0\.0\.1:1 does not answer: .+/,
    )
  })

  test.each([
    ["an error", 503, "", "answered 503"],
    ["no packages", 200, '{"resources":[]}', "lists no packages"],
    ["no JSON", 200, "<html>", "JSON"],
  ])("says what is wrong where the feed gives %s", async (_, status, body, reason) => {
    const index = await feed((_request, response) => response.writeHead(status).end(body))
    await expect(downloadSize(providerAt(index), signal)).rejects.toThrow(reason)
  })
})
