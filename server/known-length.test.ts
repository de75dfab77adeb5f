import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { LENGTH_HEADER } from "./contract/http.ts";
import { tellLength } from "./known-length.ts";

let stop: () => void = () => undefined;
afterEach(() => stop());

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    tellLength(response);
    listener(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stop = () => server.close();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("what a route says of its length is the answer's length, and our header stays inside", async () => {
  const url = await serve((_request, response) => {
    response.setHeader(LENGTH_HEADER, "6");
    response.setHeader("x-other", "1");
    response.write("abc");
    setTimeout(() => response.end("def"), 20);
  });
  const answer = await fetch(url);
  expect(answer.headers.get("content-length")).toBe("6");
  expect(answer.headers.get(LENGTH_HEADER)).toBeNull();
  expect(answer.headers.get("x-other")).toBe("1");
  expect(await answer.text()).toBe("abcdef");
});

test("an answer that ends before its length is an error, not a file", async () => {
  const url = await serve((_request, response) => {
    response.setHeader(LENGTH_HEADER, "6");
    response.write("abc");
    setTimeout(() => response.end(), 20);
  });
  await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
});
