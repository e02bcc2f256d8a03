// Hands requests on to `agent mcp --http` with its token, which the conformance suite cannot send, and to the port that the
// server knows as its own. Nothing else of a request or an answer is changed.
// Usage: node with_token.mjs URL TOKEN_FILE; prints the address to give to the suite.
import { readFileSync } from "node:fs";
import http from "node:http";

const target = new URL(process.argv[2]);
const token = readFileSync(process.argv[3], "utf8").trim();

const proxy = http.createServer((request, answer) => {
  const here = `:${proxy.address().port}`;
  const headers = { ...request.headers, authorization: `Bearer ${token}` };
  for (const name of ["host", "origin"]) {
    headers[name] &&= headers[name].replace(here, `:${target.port}`);
  }
  const onward = http.request(target, { method: request.method, headers }, (theirs) => {
    answer.writeHead(theirs.statusCode, theirs.headers);
    theirs.pipe(answer);
  });
  onward.on("error", () => answer.destroy());
  answer.on("close", () => onward.destroy());
  request.pipe(onward);
});
proxy.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${proxy.address().port}${target.pathname}`);
});
