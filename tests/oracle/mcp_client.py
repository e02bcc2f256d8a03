"""Drives `agent mcp` with the Model Context Protocol's own client, and prints what came back as one JSON list.

Reads one JSON object from standard input:

    {"mode": "auto" or "legacy",
     "stdio": {"command", "args", "cwd", "env", "log"}  or  "http": {"url", "token"},
     "steps": [{"list": true}
             | {"call": NAME, "arguments": {...}, "cancel_at": TEXT}]}

In arguments, `{job}`, `{amount}` and `{recipient}` stand for what the last results named. A call with `cancel_at` is given
up when a progress message holds that text. The client offers elicitation, sampling and roots, as a helpful agent would: it
would say yes to everything, and counts how often it was asked.
"""

import json
import sys

import anyio
import httpx2
from mcp import Client, types
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

plan = json.load(sys.stdin)
asked = 0
named = {}


async def elicited(context, params):
    global asked
    asked += 1
    return types.ElicitResult(action="accept", content={"approved": True, "approve": True, "yes": True})


async def roots(context):
    global asked
    asked += 1
    return types.ListRootsResult(roots=[types.Root(uri="file:///")])


class Named(dict):
    """What no result named stays as it is, so that the server says what it thinks of it."""

    def __missing__(self, key):
        return "{" + key + "}"


def filled(value):
    return value.format_map(Named(named)) if isinstance(value, str) else value


def learn(value):
    for source in (value or {}, (value or {}).get("quote") or {}):
        named.update({key: source[key] for key in ("job", "amount", "recipient") if key in source})


async def call(client, step):
    progress = []
    scope = anyio.CancelScope()

    async def told(done, total, message):
        progress.append([done, total, message])
        if step.get("cancel_at") and step["cancel_at"] in message:
            scope.cancel()

    arguments = {key: filled(value) for key, value in step.get("arguments", {}).items()}
    try:
        with scope:
            result = await client.call_tool(step["call"], arguments, progress_callback=told)
    except MCPError as error:
        return {"protocol_error": error.error.code, "message": error.error.message}
    if scope.cancelled_caught:
        return {"canceled": True, "progress": progress}
    learn(result.structured_content)
    texts = [block.text for block in result.content]
    return {
        "error": result.is_error,
        "value": result.structured_content,
        "text_says_the_same": len(texts) == 1 and json.loads(texts[0]) == result.structured_content,
        "progress": progress,
    }


async def play(transport):
    seen = []
    client = Client(
        transport,
        mode=plan["mode"],
        elicitation_callback=elicited,
        list_roots_callback=roots,
        client_info=types.Implementation(name="oracle", version="1"),
    )
    async with client:
        seen.append(
            {
                "version": client.protocol_version,
                "name": client.server_info.name,
                "instructions": client.instructions,
                "capabilities": client.server_capabilities.model_dump(by_alias=True, exclude_none=True),
            }
        )
        for step in plan["steps"]:
            if step.get("list"):
                listed = await client.list_tools()
                seen.append([tool.model_dump(by_alias=True, exclude_none=True) for tool in listed.tools])
            else:
                seen.append(await call(client, step))
    seen.append({"asked": asked})
    return seen


async def main():
    if "http" in plan:
        headers = {"Authorization": f"Bearer {plan['http']['token']}"}
        async with httpx2.AsyncClient(headers=headers, timeout=120, trust_env=False) as http:
            return await play(streamable_http_client(plan["http"]["url"], http_client=http))
    started = dict(plan["stdio"])
    with open(started.pop("log"), "a") as log:
        return await play(stdio_client(StdioServerParameters(**started), errlog=log))


async def in_time():
    # A server that never answers is a failure, and no reason to wait for ever.
    with anyio.fail_after(300):
        return await main()


print(json.dumps(anyio.run(in_time)))
