"""Plays Kaggle, Google Cloud Storage, Hugging Face and a proxy on loopback, well or badly. Python's standard library alone.

Hugging Face's answers are those that huggingface_hub reads (2.4, file_download.py): X-Repo-Commit, ETag, X-Linked-Etag,
X-Linked-Size, X-Error-Code. Kaggle's are those that kagglehub reads (0.3, clients.py): a redirect to storage with X-Goog-Hash.
"""
import base64
import gzip
import hashlib
import http.server
import json
import re
import ssl
import threading
import time
import urllib.parse


def git_sha1(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Model:
    """Files of one model. `large` ones are kept in storage, as LFS files are."""

    def __init__(self, files, commit="c0ffee" + "0" * 34, large=(), revisions=("main",), versions=(1,), token=None, archive=None, status=None):
        self.files, self.commit, self.large, self.revisions, self.versions = dict(files), commit, set(large), revisions, versions
        self.token, self.archive, self.status = token, archive, status


class Hub(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"
        self.hugging_face, self.kaggle, self.storage = {}, {}, {}
        self.faults, self.requests, self.lock = [], [], threading.Lock()
        self.bytes_sent = 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    @property
    def other_host(self):
        """The same server under a name that is another origin."""
        return f"{self.scheme}://localhost:{self.server_port}"

    def fault(self, pattern, action, times=1):
        """The next `times` requests whose "METHOD path" matches are answered by action(handler); it may return True to go on."""
        self.faults.append([re.compile(pattern), action, times])

    def seen(self, pattern):
        with self.lock:
            return [request for request in self.requests if re.search(pattern, request["line"])]

    def forget(self):
        with self.lock:
            self.requests.clear()
            self.faults.clear()
            self.bytes_sent = 0

    def handle_error(self, request, client_address):
        pass  # clients that are killed are no news


def status(code, **headers):
    return lambda handler: handler.answer(code, b"no", {key.replace("_", "-"): value for key, value in headers.items()})


def redirect(target):
    return lambda handler: handler.answer(302, b"", {"Location": target})


def cut(after):
    def action(handler):
        handler.cut_after = after
        return True
    return action


def corrupt(handler):
    handler.corrupt = True
    return True


def longer(handler):
    handler.longer = True
    return True


def gzipped(handler):
    handler.gzip = True
    return True


def no_range(handler):
    handler.no_range = True
    return True


def no_checksum(handler):
    handler.no_checksum = True
    return True


def drip(pieces, pause):
    def action(handler):
        handler.drip = (pieces, pause)
        return True
    return action


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits for an acknowledgement
    cut_after = drip = None
    corrupt = longer = gzip = no_range = no_checksum = False

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.cut_after = self.drip = None
        self.corrupt = self.longer = self.gzip = self.no_range = self.no_checksum = False
        path = self.path
        if path.startswith("http://"):  # we are the proxy
            path = "/" + path.split("/", 3)[3]
        path = path.split("?")[0]
        line = f"{self.command} {path}"
        with self.server.lock:
            self.server.requests.append({"line": line, "headers": dict(self.headers), "target": self.path})
            fault = next((one for one in self.server.faults if one[2] > 0 and one[0].search(line)), None)
            if fault:
                fault[2] -= 1
        if fault and not fault[1](self):
            return
        parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
        try:
            if parts[:3] == ["api", "v1", "models"]:
                self.kaggle(parts[3:])
            elif parts[:2] == ["api", "models"]:
                self.hf_listing(parts[2:])
            elif parts[0] == "storage":
                self.body(self.server.storage["/".join(parts[1:])], goog=True)
            elif "resolve" in parts:
                at = parts.index("resolve")
                self.hugging_face("/".join(parts[:at]), parts[at + 1], "/".join(parts[at + 2:]))
            else:
                self.answer(404, b"no such page")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self, code, data=b"", headers=None):
        self.send_response(code)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def allowed(self, model):
        return model.token is None or self.headers.get("Authorization") == model.token

    def hf_listing(self, parts):
        model = self.server.hugging_face["/".join(parts[:parts.index("revision")])]
        self.answer(200, json.dumps({"sha": model.commit, "siblings": [{"rfilename": name} for name in model.files]}).encode())

    def hugging_face(self, repository, revision, file):
        model = self.server.hugging_face.get(repository)
        if model is None:
            return self.answer(401, b"Invalid username or password.", {"X-Error-Code": "RepoNotFound"})
        if not self.allowed(model):
            return self.answer(401 if self.headers.get("Authorization") is None else 403, b"", {"X-Error-Code": "GatedRepo"})
        if revision not in (*model.revisions, model.commit):
            return self.answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
        head = {"X-Repo-Commit": model.commit}
        if file not in model.files:
            return self.answer(404, b"Entry not found", head | {"X-Error-Code": "EntryNotFound"})
        data = model.files[file]
        if file not in model.large:
            return self.body(data, head | {"ETag": f'W/"{git_sha1(data)}"'})
        sha256 = hashlib.sha256(data).hexdigest()
        self.server.storage[sha256] = data
        self.answer(302, b"", head | {"Location": f"{self.server.other_host}/storage/{sha256}?signed=1", "X-Linked-Etag": f'"{sha256}"',
                                      "X-Linked-Size": str(len(data)), "ETag": '"the redirect\'s own"'})

    def kaggle(self, parts):
        model = self.server.kaggle.get("/".join(parts[:4]))
        if model is None or (parts[4] != "get" and int(parts[4]) not in model.versions):
            return self.answer(404, b'{"code":404,"message":"Not found"}')
        if not self.allowed(model):
            return self.answer(401 if self.headers.get("Authorization") is None else 403, b"{}")
        if parts[4] == "get":
            return self.answer(200, json.dumps({"versionNumber": max(model.versions)}).encode())
        file = "/".join(parts[6:])
        data = model.archive if not file else model.files.get(file)
        name = file or "archive.tar.gz"
        if data is None and file + ".zip" in model.files:
            data, name = model.files[file + ".zip"], file + ".zip"
        if data is None:
            return self.answer(404, b'{"code":404,"message":"Not found"}')
        key = "/".join([*parts[:5], name])
        self.server.storage[key] = data
        self.answer(302, b"", {"Location": f"{self.server.other_host}/storage/{key}?signed=1"})

    def body(self, data, headers=None, goog=False):
        whole, headers = data, dict(headers or {})
        if goog and not self.no_checksum:
            headers["X-Goog-Hash"] = "crc32c=AAAAAA==, md5=" + base64.b64encode(hashlib.md5(whole).digest()).decode()
        if self.corrupt and data:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if self.longer:
            data += b"more"
        code = 200
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and not self.no_range:
            begin = int(wanted[1])
            if begin >= len(data):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            code, data = 206, data[begin:]
        elif self.gzip:
            headers["Content-Encoding"], data = "gzip", gzip.compress(data)
        headers.setdefault("Accept-Ranges", "bytes")
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.cut_after is not None:
            data = data[:self.cut_after]
            self.close_connection = True
        pieces, pause = self.drip or (1, 0)
        step = max(1, -(-len(data) // pieces))
        for begin in range(0, len(data), step):
            part = data[begin:begin + step]
            self.wfile.write(part)
            with self.server.lock:
                self.server.bytes_sent += len(part)
            time.sleep(pause)
