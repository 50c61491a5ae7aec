"""A language model that always wants to run one shell command: enough to drive real coding agents without a network.

    mock_llm.py DIRECTORY

Serves the protocols of Anthropic (/v1/messages), OpenAI (/v1/responses, /v1/chat/completions) and Google
(:generateContent) on 127.0.0.1, in whatever network namespace it was started in, and writes its port to DIRECTORY/port.
A conversation in which the word `task-NAME` occurs is answered with one call of the agent's shell tool that runs what
stands in DIRECTORY/NAME; everything else (titles, routing, what follows the command) with the word "done".
Requests are kept in DIRECTORY/requests, one a line.
"""
import fcntl
import http.server
import json
import os
import re
import socket
import struct
import sys
import time

# The shell tools of the agents, each with the arguments that it takes.
TOOLS = {
    "Bash": lambda command: {"command": command, "description": "runs it"},
    "bash": lambda command: {"command": command, "description": "runs it"},
    "run_shell_command": lambda command: {"command": command, "description": "runs it", "is_background": False},
    "exec_command": lambda command: {"cmd": command},
    "shell_command": lambda command: {"command": command},
    "shell": lambda command: {"command": ["bash", "-c", command]},
}


def raise_loopback():
    """In a network namespace of our own the loopback interface is down at first."""
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(sock, SIOCGIFFLAGS, request))[1]
        if not flags & IFF_UP:
            fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def tool_names(body):
    """The names of the tools that a request offers, in any of the protocols."""
    for tool in body.get("tools") or []:
        if isinstance(tool.get("function"), dict):
            yield tool["function"]["name"]
        for declared in tool.get("functionDeclarations") or []:
            yield declared["name"]
        if "name" in tool:
            yield tool["name"]


def decide(directory, body):
    """The shell tool and its arguments, or None for a word."""
    names = set(tool_names(body))
    tool = next((name for name in TOOLS if name in names), None)
    talk = json.dumps(body.get("messages") or body.get("input") or body.get("contents") or "")
    task = re.search(r"task-([a-z0-9]+)", talk)
    has_run = re.search(r'"(tool_result|function_call_output|functionResponse)"|"role": "tool"', talk)
    if not tool or not task or has_run:
        return None
    with open(f"{directory}/{task[1]}") as file:
        return tool, TOOLS[tool](file.read().strip())


# ---- Protocols: each makes the events of one answer ---------------------------------------------------

def anthropic(call):
    usage = {"input_tokens": 1, "output_tokens": 1}
    yield "message_start", {"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "mock", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": usage}}
    if call:
        block, part = {"type": "tool_use", "id": "toolu_1", "name": call[0], "input": {}}, \
            {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
    else:
        block, part = {"type": "text", "text": ""}, {"type": "text_delta", "text": "done"}
    yield "content_block_start", {"type": "content_block_start", "index": 0, "content_block": block}
    yield "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": part}
    yield "content_block_stop", {"type": "content_block_stop", "index": 0}
    yield "message_delta", {"type": "message_delta", "usage": usage,
                            "delta": {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}}
    yield "message_stop", {"type": "message_stop"}


def anthropic_whole(call):
    content = {"type": "tool_use", "id": "toolu_1", "name": call[0], "input": call[1]} if call else {"type": "text", "text": "done"}
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "mock", "content": [content],
            "stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1}}


def responses(call):
    if call:
        item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": call[0], "arguments": json.dumps(call[1])}
    else:
        item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]}
    usage = {"input_tokens": 1, "input_tokens_details": None, "output_tokens": 1, "output_tokens_details": None, "total_tokens": 2}
    yield "response.created", {"type": "response.created", "response": {"id": "resp_1"}}
    yield "response.output_item.done", {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield "response.completed", {"type": "response.completed", "response": {"id": "resp_1", "usage": usage}}


def chat_message(call):
    if not call:
        return {"role": "assistant", "content": "done"}
    return {"role": "assistant", "content": None, "tool_calls": [{
        "index": 0, "id": "call_1", "type": "function", "function": {"name": call[0], "arguments": json.dumps(call[1])}}]}


def chat_chunk(choice):
    return {"id": "c1", "object": "chat.completion.chunk", "created": int(time.time()), "model": "mock",
            "choices": [{"index": 0, "finish_reason": None, **choice}]}


def chat(call):
    yield None, chat_chunk({"delta": chat_message(call)})
    last = chat_chunk({"delta": {}, "finish_reason": "tool_calls" if call else "stop"})
    yield None, {**last, "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
    yield None, "[DONE]"


def chat_whole(call):
    return {"id": "c1", "object": "chat.completion", "created": int(time.time()), "model": "mock",
            "choices": [{"index": 0, "message": chat_message(call), "finish_reason": "tool_calls" if call else "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}


def google_whole(call):
    part = {"functionCall": {"name": call[0], "args": call[1]}} if call else {"text": "done"}
    return {"candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}}


def google(call):
    yield None, google_whole(call)


# What a path ends with: the events of a stream, and the same as one document.
PROTOCOLS = {
    "/messages": (anthropic, anthropic_whole),
    "/responses": (responses, None),
    "/chat/completions": (chat, chat_whole),
    ":streamGenerateContent": (google, google_whole),
    ":generateContent": (None, google_whole),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    directory = None

    def answer(self, body, kind, status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        models = {"object": "list", "data": [{"id": "mock", "object": "model", "created": 1, "owned_by": "mock"}]}
        self.answer(json.dumps(models if self.path.endswith("/models") else {}).encode(), "application/json")

    do_HEAD = do_GET

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        with open(f"{self.directory}/requests", "ab") as log:
            log.write(path.encode() + b" " + data + b"\n")
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        events, whole = next((pair for end, pair in PROTOCOLS.items() if path.endswith(end)), (None, None))
        if not isinstance(body, dict) or not (events or whole):
            self.answer(b"{}", "application/json")  # telemetry, token counts
            return
        call = decide(self.directory, body)
        if events and (body.get("stream") or path.endswith(":streamGenerateContent") or not whole):
            lines = []
            for name, event in events(call):
                lines += [f"event: {name}\n"] if name else []
                lines.append(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n")
            self.answer("".join(lines).encode(), "text/event-stream")
        else:
            self.answer(json.dumps(whole(call)).encode(), "application/json")

    def log_message(self, *_):
        pass


def serve(directory):
    raise_loopback()
    Handler.directory = directory
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(f"{directory}/port.new", "w") as file:
        file.write(str(server.server_address[1]))
    os.rename(f"{directory}/port.new", f"{directory}/port")
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1])
