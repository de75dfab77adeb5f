import type { ServerResponse } from "node:http";
import { LENGTH_HEADER } from "./contract/http.ts";

/**
 * Next leaves out `Content-Length` of what a route streams, and a browser then cannot say how far a download has come. A
 * route that knows it says it in a header of ours, which leaves the gateway under its right name. The connection ends with
 * the answer: one that is cut off must not be taken for one that goes on.
 */
export function tellLength(response: ServerResponse): void {
  const set = response.setHeader.bind(response);
  response.setHeader = (name, value) => {
    if (name.toLowerCase() !== LENGTH_HEADER) return set(name, value);
    response.shouldKeepAlive = false;
    return set("content-length", value);
  };
}
